// Package outputs knows the outputs of deployed stacks.
package outputs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// Stacks are the values of outputs by stack and name.
type Stacks map[string]map[string]string

// Client is the part of the CloudFormation client that [Describe] uses.
type Client = cloudformation.DescribeStacksAPIClient

// Read reads the file that cdk deploy --outputs-file and noidle local -outputs
// write.
func Read(path string) (Stacks, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("outputs: %w; cdk deploy --outputs-file writes such a file", err)
	}
	var stacks Stacks
	if err := json.Unmarshal(text, &stacks); err != nil {
		return nil, fmt.Errorf("outputs: file %s: %w; want what cdk deploy --outputs-file writes", path, err)
	}
	return stacks, nil
}

// Describe asks CloudFormation for all stacks of the account in the region.
func Describe(ctx context.Context, client Client) (Stacks, error) {
	stacks := Stacks{}
	pages := cloudformation.NewDescribeStacksPaginator(client, &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("outputs: %w; with -outputs FILE, CloudFormation is not asked", err)
		}
		for _, stack := range page.Stacks {
			stacks[*stack.StackName] = map[string]string{}
			for _, o := range stack.Outputs {
				stacks[*stack.StackName][*o.OutputKey] = *o.OutputValue
			}
		}
	}
	return stacks, nil
}

// With returns the stacks, by name, that have an output of a name.
func (s Stacks) With(name string) []string {
	var stacks []string
	for _, stack := range slices.Sorted(maps.Keys(s)) {
		if s[stack][name] != "" {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
