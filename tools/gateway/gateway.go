// Package gateway starts a real S3 server, versitygw, for tests.
package gateway

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The credentials of the owner of all buckets, and the domain of their websites. For example, the host of the website
// of the bucket logs is logs.website.test.
const (
	Access = "test"
	Secret = "testtest"
	Domain = "website.test"
)

// Server is a running versitygw. It is stopped when the test ends.
type Server struct {
	Client  *s3.Client // with the owner's credentials
	API     string     // host:port
	Website string     // host:port of the website endpoint
	binary  string
	process int
}

// Start builds the server and starts it without any bucket.
func Start(t testing.TB) *Server {
	t.Helper()
	dir := t.TempDir()
	tool, err := exec.Command("go", "tool", "-n", "github.com/versity/versitygw/cmd/versitygw").Output()
	if err != nil {
		t.Fatalf("build versitygw: %v", err)
	}
	binary := strings.TrimSpace(string(tool))
	data, users := filepath.Join(dir, "data"), filepath.Join(dir, "users")
	for _, folder := range []string{data, users} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	api, website := freeAddress(t), freeAddress(t)
	cmd := exec.Command(binary, "--access", Access, "--secret", Secret, "--port", api, "--iam-dir", users,
		"--website", website, "--website-domain", Domain,
		"--keep-alive", // as S3 does; otherwise, each request needs a new connection
		"--quiet",      // no log of the requests, which this process would have to read
		"posix", data)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	for range 400 {
		if c, err := net.Dial("tcp", website); err == nil {
			c.Close()
			return &Server{API: api, Website: website, binary: binary, process: cmd.Process.Pid,
				Client: s3.New(s3.Options{
					BaseEndpoint: aws.String("http://" + api), Region: "us-east-1", UsePathStyle: true,
					Credentials: credentials.NewStaticCredentialsProvider(Access, Secret, ""),
				})}
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("versitygw does not accept connections:\n%s", &out)
	return nil
}

// CPU returns the CPU time that the server has used since it was started.
func (s *Server) CPU(t testing.TB) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process))
	if err != nil {
		t.Fatal(err)
	}
	// After the name in parentheses come the fields 3 and following of proc_pid_stat(5). The fields 14 and 15 are the
	// times in user and system mode, in ticks of a hundredth of a second.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var sum time.Duration
	for _, ticks := range fields[11:13] {
		n, err := strconv.Atoi(ticks)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum
}

// AddUser creates a user without any permission.
func (s *Server) AddUser(t testing.TB, access, secret string) {
	t.Helper()
	add := exec.Command(s.binary, "admin", "--access", Access, "--secret", Secret, "--endpoint-url", "http://"+s.API,
		"create-user", "--access", access, "--secret", secret, "--role", "user")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("add a user: %v\n%s", err, out)
	}
}

// SetEnv sets the environment variables of the AWS SDK to this server and its owner, and unsets all others.
func (s *Server) SetEnv(t testing.TB) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	nothing := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": Access, "AWS_SECRET_ACCESS_KEY": Secret, "AWS_REGION": "us-east-1",
		"AWS_ENDPOINT_URL_S3": "http://" + s.API,
	} {
		t.Setenv(name, value)
	}
}

// freeAddress returns a local address whose port is free.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
