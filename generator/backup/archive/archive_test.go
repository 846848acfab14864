package archive_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/Slicer/sitegen/generator/backup/archive"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/testutil"
)

// known are the names that the archives of these tests may contain.
var known = []string{"a.sqlite", "b.sqlite"}

// written returns an archive with two files of random bytes, and its manifest.
func written(t testing.TB, size int) ([]byte, *archive.Manifest) {
	t.Helper()
	dir := t.TempDir()
	m := &archive.Manifest{Format: archive.Format, Site: "downf1", Project: "Aurora", Program: "sitegen v1",
		Time: time.Date(2026, 11, 27, 6, 45, 0, 0, time.UTC)}
	random := rand.NewChaCha8([32]byte{1})
	for i, name := range known {
		data := make([]byte, size*(i+1))
		random.Read(data[:len(data)/2]) // the other half can be compressed
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		n, sum, err := archive.Hash(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		m.Files = append(m.Files, archive.File{Name: name, Size: n, SHA256: sum})
	}
	var b bytes.Buffer
	if err := archive.Write(&b, m, dir); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m
}

// read reads a whole archive and returns its manifest and the sizes of its files.
func read(data []byte) (m *archive.Manifest, sizes map[string]int64, err error) {
	r, err := archive.Open(bytes.NewReader(data), int64(len(data)), known)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	sizes = map[string]int64{}
	err = r.Each(func(f archive.File, r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		sizes[f.Name] = n
		return err
	})
	return r.Manifest, sizes, err
}

// TestRoundTrip writes an archive twice and reads it.
func TestRoundTrip(t *testing.T) {
	data, want := written(t, 100_000)
	if again, _ := written(t, 100_000); !bytes.Equal(data, again) {
		t.Error("the same files yield other bytes")
	}
	got, sizes, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"a.sqlite": 100_000, "b.sqlite": 200_000}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
}

// TestOtherProgramsUnpack reads an archive as other programs do, which do not know its end.
func TestOtherProgramsUnpack(t *testing.T) {
	data, _ := written(t, 1000)
	z, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	if diff := cmp.Diff([]string{"manifest.json", "a.sqlite", "b.sqlite"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestFlippedByte changes each byte of a small archive, and bytes of a large one.
func TestFlippedByte(t *testing.T) {
	check := func(data []byte, at int, bits byte) {
		t.Helper()
		changed := slices.Clone(data)
		changed[at] ^= bits
		if _, _, err := read(changed); !archive.IsInvalid(err) {
			t.Errorf("byte %d of %d: %v", at, len(data), err)
		}
	}
	small, _ := written(t, 200)
	for at := range small {
		check(small, at, 1<<(at%8))
	}
	large, _ := written(t, 3_000_000)
	r := rand.New(rand.NewPCG(1, 2))
	for range testutil.Amount(200, 50) {
		check(large, r.IntN(len(large)), byte(1+r.IntN(255)))
	}
}

// TestCut cuts an archive at each length, and adds bytes.
func TestCut(t *testing.T) {
	data, _ := written(t, 200)
	for n := range data {
		if _, _, err := read(data[:n]); !archive.IsInvalid(err) {
			t.Errorf("%d of %d bytes: %v", n, len(data), err)
		}
	}
	if _, _, err := read(append(slices.Clone(data), 0)); !archive.IsInvalid(err) {
		t.Errorf("one byte more: %v", err)
	}
	if _, _, err := read(append(slices.Clone(data), data...)); !archive.IsInvalid(err) {
		t.Errorf("twice: %v", err)
	}
}

// seal makes a tar archive a file whose SHA-256 is right, as somebody could who wants it to be accepted. Its frame has
// uncompressed blocks (RFC 8878, section 3.1.1.2).
func seal(text []byte) []byte {
	data := binary.LittleEndian.AppendUint32([]byte("\x28\xb5\x2f\xfd\xa0"), uint32(len(text)))
	for last := uint32(0); last == 0; {
		n := min(len(text), 100_000)
		if n == len(text) {
			last = 1
		}
		data = append(binary.LittleEndian.AppendUint32(data, last|uint32(n)<<3)[:len(data)+3], text[:n]...)
		text = text[n:]
	}
	return ended(data)
}

// ended adds the end of an archive.
func ended(data []byte) []byte {
	sum := sha256.Sum256(data)
	return append(append(data, "\x5a\x2a\x4d\x18\x28\x00\x00\x00sitegen\x00"...), sum[:]...)
}

// entry is an entry of a hostile archive.
type entry struct {
	tar.Header
	text string
}

func file(name, text string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text))}, text}
}

// manifest returns the entry of a manifest with files.
func manifest(t testing.TB, files ...archive.File) entry {
	t.Helper()
	text, err := json.Marshal(archive.Manifest{Format: 1, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return file("manifest.json", string(text))
}

// described returns a file of a manifest.
func described(name, text string) archive.File {
	sum := sha256.Sum256([]byte(text))
	return archive.File{Name: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
}

// tarred returns a tar archive.
func tarred(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHostile reads archives that are intact, and that sitegen would not have written.
func TestHostile(t *testing.T) {
	a := described("a.sqlite", "text")
	link := entry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "a.sqlite", Linkname: "/etc/passwd"}}
	hard := entry{Header: tar.Header{Typeflag: tar.TypeLink, Name: "a.sqlite", Linkname: "/etc/passwd"}}
	device := entry{Header: tar.Header{Typeflag: tar.TypeChar, Name: "a.sqlite"}}
	huge := a
	huge.Size = 1 << 40
	negative := a
	negative.Size = -1
	for _, test := range []struct {
		name, message string
		text          []byte
	}{
		{"valid", "", tarred(t, manifest(t, a), file("a.sqlite", "text"))},
		{"no manifest", `it begins with "a.sqlite"`, tarred(t, file("a.sqlite", "text"))},
		{"empty", "files are missing", tarred(t)},
		{"no tar", "damaged", []byte(strings.Repeat("no tar archive", 100))},
		{"huge manifest", "it begins with", tarred(t, file("manifest.json", strings.Repeat(" ", 2<<20)))},
		{"manifest without sense", "manifest.json: ", tarred(t, file("manifest.json", "[1]"))},
		{"unknown key", "unknown field", tarred(t, file("manifest.json", `{"format": 1, "run": "rm"}`))},
		{"text after", "after top-level value", tarred(t, file("manifest.json", `{"format": 1} {}`))},
		{"no format", "the format is 0", tarred(t, file("manifest.json", `{}`))},
		{"newer format", "has the format 2, this version of sitegen reads up to 1",
			tarred(t, file("manifest.json", `{"format": 2, "rows": []}`))},
		{"path", "outside of its folder", tarred(t, manifest(t, described("../a.sqlite", "text")))},
		{"absolute path", "outside of its folder", tarred(t, manifest(t, described("/etc/cron.d/a", "text")))},
		{"Windows path", "outside of its folder", tarred(t, manifest(t, described(`..\a.sqlite`, "text")))},
		{"hidden", "outside of its folder", tarred(t, manifest(t, described("..", "text")))},
		{"unknown name", `unknown file "run.sh"`, tarred(t, manifest(t, described("run.sh", "text")))},
		{"twice", "is there twice", tarred(t, manifest(t, a, a))},
		{"bomb", "too many for an archive", tarred(t, manifest(t, huge))},
		{"negative size", "too many for an archive", tarred(t, manifest(t, negative))},
		{"symbolic link", "is not a regular file", tarred(t, manifest(t, a), link)},
		{"hard link", "is not a regular file", tarred(t, manifest(t, a), hard)},
		{"device", "is not a regular file", tarred(t, manifest(t, a), device)},
		{"missing file", "files are missing", tarred(t, manifest(t, a))},
		{"other name", `"b.sqlite" (4 bytes) is in the place of a.sqlite`,
			tarred(t, manifest(t, a), file("b.sqlite", "text"))},
		{"other path", `"../a.sqlite" (4 bytes) is in the place`, tarred(t, manifest(t, a), file("../a.sqlite", "text"))},
		{"other size", "(5 bytes) is in the place", tarred(t, manifest(t, a), file("a.sqlite", "texts"))},
		{"other text", "a.sqlite has another SHA-256", tarred(t, manifest(t, a), file("a.sqlite", "tent"))},
		{"file more", `"b.sqlite" is not in the manifest`,
			tarred(t, manifest(t, a), file("a.sqlite", "text"), file("b.sqlite", "text"))},
		{"text more", "something after the last file",
			append(tarred(t, manifest(t, a), file("a.sqlite", "text")), "more"...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := read(seal(test.text))
			switch {
			case test.message == "" && err != nil:
				t.Error(err)
			case test.message != "" && (err == nil || !strings.Contains(err.Error(), test.message)):
				t.Errorf("error %v, want %q", err, test.message)
			case err != nil && len(fault.Hints(err)) == 0:
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

// TestBomb reads an archive that claims to be small and expands without end.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithWindowSize(64<<20))
	if err != nil {
		t.Fatal(err)
	}
	for range 128 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(ended(b.Bytes())); !archive.IsInvalid(err) {
		t.Errorf("window of 64 MiB: %v", err)
	}
}

// FuzzRead reads tar archives in an intact file. Nothing but the known names and the sizes of the manifest arrives.
func FuzzRead(f *testing.F) {
	a := described("a.sqlite", "text")
	f.Add(tarred(f, manifest(f, a), file("a.sqlite", "text")))
	f.Add(tarred(f, manifest(f, a, described("b.sqlite", "")), file("a.sqlite", "text"), file("b.sqlite", "")))
	f.Add(tarred(f, manifest(f, described("../x", "text")), file("../x", "text")))
	f.Add([]byte("no tar"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, sizes, err := read(seal(text))
		if err != nil {
			return
		}
		for name, size := range sizes {
			if !slices.Contains(known, name) || size > int64(len(text)) {
				t.Errorf("%q with %d bytes", name, size)
			}
		}
	})
}

// FuzzOpen reads any bytes.
func FuzzOpen(f *testing.F) {
	data, _ := written(f, 100)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Fuzz(func(_ *testing.T, data []byte) { _, _, _ = read(data) })
}

// TestKey encrypts a key for two recipients. Each can decrypt it, others cannot.
func TestKey(t *testing.T) {
	const secret = "5f4474d0e1d8c75dfc7054825f4474d0e1d8c75dfc7054825f4474d0e1d8c75d"
	var recipients, files []string
	for range 3 {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		recipients = append(recipients, identity.Recipient().String())
		path := filepath.Join(t.TempDir(), "identity")
		if err := os.WriteFile(path, []byte("# a comment\n"+identity.String()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	data, err := archive.Encrypt(secret, recipients[:2])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(secret)) {
		t.Error("the key is not encrypted")
	}
	for _, path := range files[:2] {
		if got, err := archive.Decrypt(data, path); got != secret || err != nil {
			t.Errorf("decrypted %q: %v", got, err)
		}
	}
	if _, err := archive.Decrypt(data, files[2]); fault.KindOf(err) != fault.Usage {
		t.Errorf("another identity: %v", err)
	}
	data[len(data)-1] ^= 1
	if _, err := archive.Decrypt(data, files[0]); !archive.IsInvalid(err) {
		t.Errorf("a changed byte: %v", err)
	}

	broken := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(broken, []byte("AGE-SECRET-KEY-1SECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Decrypt(data, broken); err == nil || strings.Contains(err.Error(), "1SECRET") {
		t.Errorf("no identity: %v", err)
	}
	if _, err := archive.Decrypt(data, broken+"x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := archive.ParseRecipient("age1pq"); err == nil {
		t.Error("an invalid recipient is accepted")
	}
	if a, b := archive.Fingerprint(secret), archive.Fingerprint(secret+"\n"); a != b || strings.Contains(a, secret[:16]) {
		t.Errorf("fingerprints %s and %s", a, b)
	}
}
