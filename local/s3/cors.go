package s3

import (
	"context"

	"github.com/versity/versitygw/auth"
)

// Allows says whether the rules of a bucket let web pages of an origin send requests
// with a method.
func (s *Service) Allows(bucket, origin, method string) bool {
	text, err := s.store.GetBucketCors(context.Background(), bucket)
	if err != nil {
		return false
	}
	rules, err := auth.ParseCORSOutput(text)
	if err != nil {
		return false
	}
	_, err = rules.IsAllowed(origin, auth.CORSHTTPMethod(method), nil, "")
	return err == nil
}
