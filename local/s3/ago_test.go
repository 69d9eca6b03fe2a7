package s3_test

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
)

// hourAgo signs as if it were an hour ago.
type hourAgo struct{ sdk.HTTPPresignerV4 }

func (h hourAgo) PresignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, options ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return h.HTTPPresignerV4.PresignHTTP(ctx, c, r, hash, service, region, at.Add(-time.Hour), options...)
}
