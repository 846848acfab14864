package website_test

import (
	"testing"

	"github.com/Slicer/sitegen/generator/deploy/website"
)

func TestPublicAccess(t *testing.T) {
	const (
		no, yes, maybe = website.NotAllowed, website.Allowed, website.Conditional
		read           = `{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}`
		list           = `{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:ListBucket"], ` +
			`"Resource": ["arn:aws:s3:::b"]}`
		secure = `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", ` +
			`"arn:aws:s3:::b/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`
	)
	for _, tt := range []struct {
		name, statements string
		read, list       website.Access
	}{
		{"both", read + "," + list, yes, yes},
		{"only objects", read, yes, no},
		{"only the list", list, no, yes},
		{"all actions and resources", `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}`, yes,
			yes},
		{"a wildcard", `{"Effect":"Allow","Principal":"*","Action":"s3:Get*","Resource":"arn:aws-cn:s3:::b/*"}`, yes,
			no},
		{"some objects", `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/o/*"}`,
			no, no},
		{"another bucket", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bb/*"}`, no, no},
		{"somebody", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"*","Resource":"*"}`, no,
			no},
		{"HTTPS only, which website endpoints do not have", read + "," + list + "," + secure, maybe, maybe},
		{"HTTPS only, first", secure + "," + read, maybe, maybe},
		{"denied", read + `,{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"*"}`, no, no},
		{"all but", `{"Effect":"Allow","Principal":"*","NotAction":"s3:PutObject","Resource":"*"}`, maybe, maybe},
	} {
		read, list, err := website.PublicAccess(`{"Version": "2012-10-17", "Statement": [`+tt.statements+`]}`, "b")
		if err != nil || read != tt.read || list != tt.list {
			t.Errorf("%s: read %d, list %d, %v; want %d, %d", tt.name, read, list, err, tt.read, tt.list)
		}
	}
	if r, _, err := website.PublicAccess(`{"Statement": `+read+`}`, "b"); r != yes || err != nil {
		t.Errorf("a single statement: %d, %v", r, err)
	}
	if _, _, err := website.PublicAccess("{", "b"); err == nil {
		t.Error("not JSON: no error")
	}
}
