package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// parameter is a SecureString of Parameter Store. One call does without the client of
// the Systems Manager.
type parameter struct {
	cfg    aws.Config
	client *http.Client
	name   string
}

// maxAnswer is more than a parameter of 8 KB, the largest, comes with.
const maxAnswer = 64 << 10

// value reads it anew each time, so that another webhook needs no deployment
// (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html).
func (p parameter) value(ctx context.Context) (string, error) {
	body, err := json.Marshal(map[string]any{"Name": p.name, "WithDecryption": true})
	if err != nil {
		return "", err
	}
	request, err := p.signed(ctx, body)
	if err != nil {
		return "", err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	var out struct {
		Parameter struct{ Value string }
		Type      string `json:"__type"` // of an error
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&out)
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("parameter %q: status %d: %s", p.name, answer.StatusCode, out.Type)
	}
	return out.Parameter.Value, err
}

func (p parameter) signed(ctx context.Context, body []byte) (*http.Request, error) {
	endpoint := "https://ssm." + p.cfg.Region + ".amazonaws.com"
	if p.cfg.BaseEndpoint != nil {
		endpoint = *p.cfg.BaseEndpoint
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AmazonSSM.GetParameter")
	keys, err := p.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(body)
	return request, v4.NewSigner().SignHTTP(ctx, keys, request, hex.EncodeToString(hash[:]), "ssm", p.cfg.Region, time.Now())
}
