package logsource

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/Slicer/sitegen/generator/fault"
)

// explain marks what the server answered with the kind fault.Source and what to do about it. The text is
// the answer's own; without an answer, that of the connection.
func explain(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.Wrap(fault.Source, err, "Look at AWS_ENDPOINT_URL, AWS_REGION and the network.")
	}
	code, message := api.ErrorCode(), api.ErrorMessage()
	if message == "" || message == code {
		message = "the server answers"
	}
	return fault.Wrap(fault.Source, fmt.Errorf("%s (%s)", message, code), hint(code))
}

// hint says what to do about an error, by its code in the API of S3.
func hint(code string) string {
	switch code {
	case "NoSuchBucket":
		return "Look at the bucket's name, the first part after s3://."
	case "AccessDenied", "Forbidden", "AllAccessDisabled":
		return "The credentials need s3:ListBucket on the bucket and s3:GetObject on its objects."
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken":
		return "Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE."
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return "Set AWS_REGION to the region of the bucket."
	case "PreconditionFailed", "NoSuchKey":
		return "The object has changed since the bucket was listed: the next run reads it."
	case "InvalidObjectState":
		return "The object is archived: restore it first."
	}
	return "Look at the bucket's name, the region and the credentials."
}
