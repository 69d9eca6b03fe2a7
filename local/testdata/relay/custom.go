package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// answerCustomResource answers a request of CloudFormation with its property
// Answer, completed by what every answer repeats. It ignores other events.
func answerCustomResource(ctx context.Context, event []byte) error {
	var request struct {
		ResponseURL, StackId, RequestId, LogicalResourceId string
		ResourceProperties                                 struct{ Answer map[string]any }
	}
	if json.Unmarshal(event, &request) != nil || request.ResourceProperties.Answer == nil {
		return nil
	}
	answer := request.ResourceProperties.Answer
	answer["StackId"], answer["RequestId"], answer["LogicalResourceId"] = request.StackId, request.RequestId, request.LogicalResourceId
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, request.ResponseURL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(put)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer gets %s", response.Status)
	}
	return nil
}
