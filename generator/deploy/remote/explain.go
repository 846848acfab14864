package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/fault"
)

// service describes where requests go to, for errors.
type service struct {
	name  string // for instance "bucket x"
	needs string // the permissions that the credentials need
	full  string // what to do if a quota is exhausted
	next  string // what to do about an error that has no hint of its own
}

// oneWrite describes a bucket or key-value store of package live, which makes a site live in one write.
func oneWrite(name, needs string) service {
	return service{
		name: name, needs: needs,
		full: "Visitors still see the previous deploy. Have the quota increased, or free some space, and run the " +
			"command again. (Old deploys are only removed after a new one is live.)",
		next: "Visitors still see the previous deploy. Run the command again; it continues where it stopped.",
	}
}

// explain returns the error of a request with the kind fault.Remote and a hint. A missing object, key or configuration
// becomes fs.ErrNotExist, and a conflict live.ErrConflict.
func (s service) explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) { // the SDK describes a response that there was not
		return fmt.Errorf("%s: %w", s.name, context.Canceled)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.Wrap(fault.Remote, fmt.Errorf("%s: %w", s.name, plain(err)),
			"Check the network connection, AWS_REGION and, if it is set, AWS_ENDPOINT_URL.")
	}
	code, message := api.ErrorCode(), api.ErrorMessage()
	switch {
	case isMissing(code):
		return fs.ErrNotExist
	case isConflict(code, message):
		return live.ErrConflict
	case message == "" || message == code:
		message = "the server returned an error"
		if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
			message = http.StatusText(r.HTTPStatusCode())
		}
	}
	hint := s.hint(code)
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok &&
		r.HTTPStatusCode() == http.StatusInsufficientStorage { // whatever the server calls it
		hint = s.full
	}
	if isClock(message) {
		hint = s.hint("RequestTimeTooSkewed")
	}
	return fault.Wrap(fault.Remote, fmt.Errorf("%s: %s (%s)", s.name, strings.TrimSuffix(message, "."), code),
		hint)
}

// isClock reports whether a message is that of a signature whose time is not that of the server (AWS Signature Version
// 4, "Troubleshooting"). Its code is the same as for a wrong secret key.
func isClock(message string) bool {
	return strings.HasPrefix(message, "Signature expired") || strings.HasPrefix(message, "Signature not yet current")
}

// isMissing reports whether a response means that there is no such object, key or configuration.
func isMissing(code string) bool {
	switch code {
	case "NoSuchKey", "NotFound", "NoSuchWebsiteConfiguration", "NoSuchBucketPolicy",
		"NoSuchPublicAccessBlockConfiguration":
		return true
	}
	return false
}

// plain returns the error of the network without the words that the SDK puts before it, and without the URL, which
// says nothing more to users than the names in the configuration.
func plain(err error) error {
	for _, closed := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, closed) {
			return errors.New("the server has closed the connection")
		}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	if op, ok := errors.AsType[*smithy.OperationError](err); ok {
		return op.Err
	}
	return err
}

// isConflict reports whether a response means that the ETag in a request is not the current one. The API reference
// names ConflictException for UpdateKeys; other services of AWS use the other codes.
func isConflict(code, message string) bool {
	switch code {
	case "ConflictException", "PreconditionFailed", "PreconditionFailedException", "ConditionalRequestConflict":
		return true
	case "ValidationException":
		message = strings.ToLower(message)
		return strings.Contains(message, "etag") || strings.Contains(message, "if-match")
	}
	return false
}

// hint returns what to do about an error, given its code.
func (s service) hint(code string) string {
	switch code {
	case "NoSuchBucket":
		return "Check deploy.bucket, the name of the bucket."
	case "ResourceNotFoundException":
		return "Check deploy.store, the ARN of the key-value store."
	case "AccessDenied", "AccessDeniedException", "Forbidden", "AllAccessDisabled":
		return s.needs
	case "ExpiredToken", "ExpiredTokenException":
		return "The credentials are temporary and have expired. Get new ones, for instance by signing in again, and " +
			"run the command again."
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "UnrecognizedClientException",
		"InvalidSignatureException", "MissingAuthenticationToken", "InvalidClientTokenId":
		return "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE."
	case "RequestTimeTooSkewed", "RequestExpired":
		return "Set the clock of this machine."
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return "Set AWS_REGION to the region of the bucket."
	case "ServiceQuotaExceededException", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage":
		return s.full
	case "SlowDown", "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded":
		return "AWS limits the requests. Run the command again; it continues where it stopped."
	}
	return s.next
}
