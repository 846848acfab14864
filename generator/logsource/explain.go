package logsource

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/Slicer/sitegen/generator/fault"
)

// explain returns err with the kind fault.Source and a hint. The text is the message and code of the server's response,
// for example "The specified bucket does not exist (NoSuchBucket)", or the text of the network error if there was no
// response.
func explain(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.Wrap(fault.Source, err, "Check AWS_ENDPOINT_URL, AWS_REGION and the network connection.")
	}
	code, message := api.ErrorCode(), api.ErrorMessage()
	if message == "" || message == code {
		message = "the server returned an error"
	}
	return fault.Wrap(fault.Source, fmt.Errorf("%s (%s)", message, code), hint(code))
}

// hint returns what to do about an error, given its code in the S3 API.
func hint(code string) string {
	switch code {
	case "NoSuchBucket":
		return "Check the name of the bucket, the first part after s3://."
	case "AccessDenied", "Forbidden", "AllAccessDisabled":
		return "The credentials need the permissions s3:ListBucket on the bucket and s3:GetObject on its objects."
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken":
		return "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE."
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return "Set AWS_REGION to the region of the bucket."
	case "PreconditionFailed", "NoSuchKey":
		return "The object has changed since the bucket was listed. The next run will read it."
	case "InvalidObjectState":
		return "The object is archived. Restore it, then run the command again."
	}
	return "Check the name of the bucket, the region and the credentials."
}
