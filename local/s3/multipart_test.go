package s3_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const partSize = 5 << 20

// begin begins an upload of the object big and returns its ID.
func begin(t *testing.T, c *sdk.Client, in sdk.CreateMultipartUploadInput) *string {
	t.Helper()
	in.Bucket, in.Key = new("photos"), new("big")
	out, err := c.CreateMultipartUpload(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	return out.UploadId
}

func uploadPart(t *testing.T, c *sdk.Client, id *string, number int32, body []byte, algorithm types.ChecksumAlgorithm) types.CompletedPart {
	t.Helper()
	out, err := c.UploadPart(t.Context(), &sdk.UploadPartInput{Bucket: new("photos"), Key: new("big"), UploadId: id, PartNumber: &number, Body: bytes.NewReader(body), ChecksumAlgorithm: algorithm})
	if err != nil {
		t.Fatal(err)
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC64NVME: out.ChecksumCRC64NVME}
}

func complete(t *testing.T, c *sdk.Client, id *string, parts ...types.CompletedPart) (*sdk.CompleteMultipartUploadOutput, error) {
	t.Helper()
	return c.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadInput{
		Bucket: new("photos"), Key: new("big"), UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
}

// An object of three parts, the third copied, is one
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html).
func TestMultipart(t *testing.T) {
	tests := []struct {
		name string
		in   sdk.CreateMultipartUploadInput
		sum  func(*sdk.CompleteMultipartUploadOutput) *string
		kind types.ChecksumType
	}{
		{"of the parts", sdk.CreateMultipartUploadInput{ChecksumAlgorithm: "CRC32"}, func(o *sdk.CompleteMultipartUploadOutput) *string { return o.ChecksumCRC32 }, "COMPOSITE"},
		{"of the whole object", sdk.CreateMultipartUploadInput{ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT"}, func(o *sdk.CompleteMultipartUploadOutput) *string { return o.ChecksumCRC32 }, "FULL_OBJECT"},
		{"none asked for", sdk.CreateMultipartUploadInput{}, func(o *sdk.CompleteMultipartUploadOutput) *string { return o.ChecksumCRC64NVME }, "FULL_OBJECT"},
		{"CRC64NVME", sdk.CreateMultipartUploadInput{ChecksumAlgorithm: "CRC64NVME"}, func(o *sdk.CompleteMultipartUploadOutput) *string { return o.ChecksumCRC64NVME }, "FULL_OBJECT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, photos)
			c := w.client()
			put(t, c, "source", "0123456789")
			tt.in.ContentType, tt.in.Metadata, tt.in.Tagging = new("image/png"), map[string]string{"by": "me"}, new("a=b")
			id := begin(t, c, tt.in)
			first, second := bytes.Repeat([]byte("a"), partSize), bytes.Repeat([]byte("b"), partSize+1)
			uploadPart(t, c, id, 1, []byte("to be replaced"), tt.in.ChecksumAlgorithm)
			// Their order does not matter.
			parts := []types.CompletedPart{{}, uploadPart(t, c, id, 20, second, tt.in.ChecksumAlgorithm), {}}
			parts[0] = uploadPart(t, c, id, 1, first, tt.in.ChecksumAlgorithm)
			copied, err := c.UploadPartCopy(t.Context(), &sdk.UploadPartCopyInput{
				Bucket: new("photos"), Key: new("big"), UploadId: id, PartNumber: new(int32(300)), CopySource: new("photos/source"), CopySourceRange: new("bytes=2-5"),
			})
			if err != nil {
				t.Fatal(err)
			}
			parts[2] = types.CompletedPart{PartNumber: new(int32(300)), ETag: copied.CopyPartResult.ETag, ChecksumCRC32: copied.CopyPartResult.ChecksumCRC32, ChecksumCRC64NVME: copied.CopyPartResult.ChecksumCRC64NVME}
			out, err := complete(t, c, id, parts...)
			if err != nil {
				t.Fatal(err)
			}
			var sums []byte
			for _, part := range parts {
				sum, err := hex.DecodeString(strings.Trim(*part.ETag, `"`))
				if err != nil {
					t.Fatal(err)
				}
				sums = append(sums, sum...)
			}
			if sum := md5.Sum(sums); *out.ETag != `"`+hex.EncodeToString(sum[:])+`-3"` || aws.ToString(tt.sum(out)) == "" || out.ChecksumType != tt.kind {
				t.Errorf("CompleteMultipartUpload answers ETag %s, checksum %q, %s", *out.ETag, aws.ToString(tt.sum(out)), out.ChecksumType)
			}
			// Who did not get the answer gets it again.
			again, err := complete(t, c, id, parts...)
			if err != nil || *again.ETag != *out.ETag {
				t.Errorf("again: %v, %v", again, err)
			}
			// The client checks the checksum of the whole object as it reads.
			if got := get(t, c, &sdk.GetObjectInput{Key: new("big"), ChecksumMode: "ENABLED"}); got != string(first)+string(second)+"2345" {
				t.Errorf("the object has %d bytes", len(got))
			}
			part, err := c.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: new("photos"), Key: new("big"), PartNumber: new(int32(3))})
			if err != nil {
				t.Fatal(err)
			}
			_ = part.Body.Close()
			if *part.ContentLength != 4 || *part.PartsCount != 3 || *part.ContentRange != "bytes 10485761-10485764/10485765" || *part.ContentType != "image/png" || part.Metadata["by"] != "me" || *part.TagCount != 1 {
				t.Errorf("the third part: %+v", part)
			}
			if len(w.events) != 2 || w.events[1].Detail.Reason != "CompleteMultipartUpload" || *w.events[1].Detail.Object.Size != 2*partSize+5 {
				t.Errorf("events %+v", w.events)
			}
		})
	}
}

func TestMultipartRefusals(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	id := begin(t, c, sdk.CreateMultipartUploadInput{ChecksumAlgorithm: "CRC32"})
	small, big := uploadPart(t, c, id, 1, []byte("small"), "CRC32"), uploadPart(t, c, id, 2, make([]byte, partSize), "CRC32")
	wrong := small
	wrong.ETag = new(catETag)
	missing := small
	missing.PartNumber = new(int32(7))
	bare := small
	bare.ChecksumCRC32 = nil
	bad := small
	bad.ChecksumCRC32 = new("AAAAAA==")
	tests := []struct {
		name  string
		id    *string
		parts []types.CompletedPart
		want  string
	}{
		{"part too small", id, []types.CompletedPart{small, big}, "EntityTooSmall"},
		{"order", id, []types.CompletedPart{big, small}, "InvalidPartOrder"},
		{"ETag", id, []types.CompletedPart{wrong}, "InvalidPart"},
		{"no such part", id, []types.CompletedPart{missing}, "InvalidPart"},
		{"no checksum", id, []types.CompletedPart{bare}, "InvalidRequest"},
		{"checksum", id, []types.CompletedPart{bad}, "InvalidPart"},
		{"no such upload", new("6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b"), []types.CompletedPart{small}, "NoSuchUpload"},
		{"no part", id, nil, "MalformedXML"},
		{"in the end", id, []types.CompletedPart{small}, "<nil>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := complete(t, c, tt.id, tt.parts...); code(err) != tt.want {
				t.Errorf("CompleteMultipartUpload = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestUploadsUnderWay(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	ids := map[string]bool{}
	for range 3 {
		ids[*begin(t, c, sdk.CreateMultipartUploadInput{})] = true
	}
	listed := map[string]bool{}
	for pages := sdk.NewListMultipartUploadsPaginator(c, &sdk.ListMultipartUploadsInput{Bucket: new("photos"), MaxUploads: new(int32(2))}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Uploads {
			listed[*u.UploadId] = true
		}
	}
	diff(t, "uploads", ids, listed)
	grouped, err := c.ListMultipartUploads(t.Context(), &sdk.ListMultipartUploadsInput{Bucket: new("photos"), Delimiter: new("i")})
	if err != nil || len(grouped.Uploads) != 0 || len(grouped.CommonPrefixes) != 1 || *grouped.CommonPrefixes[0].Prefix != "bi" {
		t.Errorf("ListMultipartUploads = %+v, %v", grouped, err)
	}
	for id := range ids {
		for number := range int32(3) {
			uploadPart(t, c, &id, number+1, []byte("x"), "")
		}
		var parts []int32
		for pages := sdk.NewListPartsPaginator(c, &sdk.ListPartsInput{Bucket: new("photos"), Key: new("big"), UploadId: &id, MaxParts: new(int32(2))}); pages.HasMorePages(); {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range page.Parts {
				parts = append(parts, *part.PartNumber)
			}
		}
		diff(t, "parts", []int32{1, 2, 3}, parts)
		if _, err := c.AbortMultipartUpload(t.Context(), &sdk.AbortMultipartUploadInput{Bucket: new("photos"), Key: new("big"), UploadId: &id}); err != nil {
			t.Error(err)
		}
		_, err := c.UploadPart(t.Context(), &sdk.UploadPartInput{Bucket: new("photos"), Key: new("big"), UploadId: &id, PartNumber: new(int32(1)), Body: strings.NewReader("x")})
		if code(err) != "NoSuchUpload" {
			t.Errorf("a part of an aborted upload: %v", err)
		}
	}
}
