package cloudformation

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// namespace is that of the API's answers.
const namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

// Operations returns the operations of the API: DescribeStacks alone.
func (s *Service) Operations() api.Operations {
	return api.Operations{"DescribeStacks": api.Op(s.describeStacks)}
}

// SetOutputs says that the stacks are created, and what their outputs are, by
// stack and name. Until then there are none.
func (s *Service) SetOutputs(outputs map[string]map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outputs, s.created = outputs, s.options.Clock.Now()
}

// ServeHTTP serves the API, and takes the answers of functions under [Path].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Who answers signs nothing, and is to reach nothing else.
	if strings.HasPrefix(r.URL.Path, Path) {
		s.takeAnswer(w, r)
		return
	}
	s.Operations().Query(namespace).ServeHTTP(w, r)
}

type describeStacksInput struct{ NextToken, StackName string }

type describeStacksOutput struct{ Stacks []stack }

// stack is what is told of a stack
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html).
type stack struct {
	StackID      string `json:"StackId"`
	StackName    string
	CreationTime string
	StackStatus  string
	Outputs      []output
}

type output struct{ OutputKey, OutputValue string }

// describeStacks tells of one stack, by its name or ID, or of all, on one page
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
func (s *Service) describeStacks(call *api.Call, in *describeStacksInput) (*describeStacksOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &describeStacksOutput{Stacks: []stack{}}
	resource := "*"
	for _, name := range slices.Sorted(maps.Keys(s.outputs)) {
		id := api.ARN("cloudformation", "stack/"+name+"/local")
		if in.StackName != "" && in.StackName != name && in.StackName != id {
			continue
		}
		if in.StackName != "" {
			resource = id
		}
		described := stack{StackID: id, StackName: name, CreationTime: s.created.UTC().Format(time.RFC3339), StackStatus: "CREATE_COMPLETE"}
		for _, key := range slices.Sorted(maps.Keys(s.outputs[name])) {
			described.Outputs = append(described.Outputs, output{key, s.outputs[name][key]})
		}
		out.Stacks = append(out.Stacks, described)
	}
	if err := call.Authorize("cloudformation:DescribeStacks", resource, nil); err != nil {
		return nil, err
	}
	if in.StackName != "" && len(out.Stacks) == 0 {
		return nil, &api.Error{Code: "ValidationError", Message: fmt.Sprintf("Stack with id %s does not exist", in.StackName)}
	}
	return out, nil
}
