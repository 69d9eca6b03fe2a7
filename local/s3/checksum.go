package s3

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/s3api/middlewares"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
)

// checksum is one of an object's or part's content
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
type checksum struct {
	algorithm types.ChecksumAlgorithm
	kind      types.ChecksumType
	value     string
}

// algorithms are those of checksums. Members of inputs and outputs are named
// Checksum and the algorithm.
var algorithms = types.ChecksumAlgorithm("").Values()

// checksumIn returns the checksum that an input, or a completed part, has: of
// those of several algorithms, the first. It is zero if there is none.
func checksumIn(input any) checksum {
	v := reflect.Indirect(reflect.ValueOf(input))
	for _, algorithm := range algorithms {
		field := v.FieldByName("Checksum" + string(algorithm))
		if value, ok := field.Interface().(*string); ok && value != nil {
			return checksum{algorithm: algorithm, value: *value}
		}
	}
	return checksum{}
}

// tell sets a checksum's members of an output, of which it gets the address.
func (c checksum) tell(output any) {
	if c.value == "" {
		return
	}
	v := reflect.ValueOf(output).Elem()
	v.FieldByName("Checksum" + string(c.algorithm)).Set(reflect.ValueOf(&c.value))
	switch kind := v.FieldByName("ChecksumType"); kind.Kind() {
	case reflect.String:
		kind.SetString(string(c.kind))
	case reflect.Pointer:
		kind.Set(reflect.ValueOf(&c.kind))
	}
}

// content is what an object or a part holds, in a file of its own. The zero
// content is empty and without a file.
type content struct {
	path string
	size int64
	etag string // with quotes
	sums map[types.ChecksumAlgorithm]string
}

// spool writes size bytes of a body to a file. It computes the checksum of the
// algorithm, and compares it with what the client says it is. What the body says
// of itself at its end comes before that.
func (s *store) spool(body io.Reader, size int64, want checksum) (_ content, err error) {
	file, err := os.CreateTemp(s.dir, "content-")
	if err != nil {
		return content{}, err
	}
	c := content{path: file.Name(), size: size, sums: map[types.ChecksumAlgorithm]string{}}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			c.discard()
		}
	}()
	trailer, trails := body.(middlewares.ChecksumReader)
	if trails = trails && trailer.Algorithm() != ""; trails {
		want = checksum{}
	}
	// Parts need a CRC64NVME in any case, as do objects without another checksum.
	var hashes []*utils.HashReader
	reader := body
	for _, algorithm := range slices.Compact([]types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc64nvme, cmp.Or(want.algorithm, types.ChecksumAlgorithmCrc64nvme)}) {
		expected := ""
		if algorithm == want.algorithm {
			expected = want.value
		}
		hash, err := utils.NewHashReader(reader, expected, utils.HashType(strings.ToLower(string(algorithm))))
		if err != nil {
			return content{}, s3err.GetInvalidChecksumHeaderErr("x-amz-checksum-algorithm")
		}
		hashes, reader = append(hashes, hash), hash
	}
	sum := md5.New()
	written, err := io.Copy(io.MultiWriter(file, sum), reader)
	if _, known := errors.AsType[s3err.S3Error](err); known {
		return content{}, err
	}
	if _, full := errors.AsType[*fs.PathError](err); full {
		return content{}, err
	}
	if err != nil || written != size {
		return content{}, s3err.GetAPIError(s3err.ErrIncompleteBody)
	}
	c.etag = `"` + hex.EncodeToString(sum.Sum(nil)) + `"`
	for _, hash := range hashes {
		c.sums[types.ChecksumAlgorithm(strings.ToUpper(string(hash.Type())))] = hash.Sum()
	}
	if trails {
		c.sums[types.ChecksumAlgorithm(strings.Clone(strings.ToUpper(trailer.Algorithm())))] = strings.Clone(trailer.Checksum())
	}
	return c, nil
}

// whole returns the checksum of all of the content: that of another algorithm if
// there is one, or else CRC64NVME, S3's default.
func (c content) whole() checksum {
	for algorithm, value := range c.sums {
		if algorithm != types.ChecksumAlgorithmCrc64nvme {
			return checksum{algorithm, types.ChecksumTypeFullObject, value}
		}
	}
	return checksum{types.ChecksumAlgorithmCrc64nvme, types.ChecksumTypeFullObject, c.sums[types.ChecksumAlgorithmCrc64nvme]}
}
