package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// Policy is a policy document, of a role or of a resource
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html).
type Policy struct {
	statements []*statement
}

type statement struct {
	deny         bool
	principals   []principal // of a resource's policy
	notPrincipal bool
	actions      []string
	folded       []string // the actions in lower case
	notAction    bool
	resources    []string
	notResource  bool
	conditions   []condition
}

type principal struct{ kind, value string }

// request is what policies are evaluated against.
type request struct {
	action, resource string
	folded           string          // the action in lower case
	keys             func() api.Keys // made when a statement asks for them, as few do
}

// oneOrMore is a JSON value that may stand alone or in a list. Booleans and
// numbers are read as text, as IAM reads them.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	values, ok := value.([]any)
	if !ok {
		values = []any{value}
	}
	for _, v := range values {
		switch v.(type) {
		case string, bool, json.Number:
			*o = append(*o, fmt.Sprint(v))
		default:
			return fmt.Errorf("%s is neither text nor a list of texts", data)
		}
	}
	return nil
}

type statementDocument struct {
	Sid          string
	Effect       string
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Action       oneOrMore
	NotAction    oneOrMore
	Resource     oneOrMore
	NotResource  oneOrMore
	Condition    map[string]map[string]oneOrMore
}

// ParsePolicy reads a policy document. What it cannot evaluate, such as a
// condition operator it does not know, is an error: it must not pass for
// an allow.
func ParsePolicy(document []byte) (*Policy, error) {
	var outer struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := strict(document, &outer); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	var statements []json.RawMessage
	if json.Unmarshal(outer.Statement, &statements) != nil {
		statements = []json.RawMessage{outer.Statement}
	}
	policy := &Policy{}
	for i, raw := range statements {
		var d statementDocument
		err := strict(raw, &d)
		if err == nil {
			var s *statement
			s, err = d.statement()
			policy.statements = append(policy.statements, s)
		}
		if err != nil {
			return nil, fmt.Errorf("policy: statement %d: %w", i+1, err)
		}
	}
	return policy, nil
}

func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func (d statementDocument) statement() (*statement, error) {
	if d.Effect != "Allow" && d.Effect != "Deny" {
		return nil, fmt.Errorf("effect %q: want Allow or Deny", d.Effect)
	}
	if (d.Action == nil) == (d.NotAction == nil) {
		return nil, errors.New("want either Action or NotAction")
	}
	if d.Resource != nil && d.NotResource != nil {
		return nil, errors.New("want only one of Resource and NotResource")
	}
	s := &statement{
		deny:         d.Effect == "Deny",
		actions:      slices.Concat(d.Action, d.NotAction),
		folded:       strings.Split(strings.ToLower(strings.Join(slices.Concat(d.Action, d.NotAction), "\n")), "\n"),
		notAction:    d.NotAction != nil,
		resources:    slices.Concat(d.Resource, d.NotResource),
		notResource:  d.NotResource != nil,
		notPrincipal: d.NotPrincipal != nil,
	}
	var err error
	if s.principals, err = parsePrincipals(bytes.Join([][]byte{d.Principal, d.NotPrincipal}, nil)); err != nil {
		return nil, err
	}
	s.conditions, err = parseConditions(d.Condition)
	return s, err
}

func parsePrincipals(raw []byte) ([]principal, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var everyone string
	if json.Unmarshal(raw, &everyone) == nil {
		return []principal{{kind: "AWS", value: everyone}}, nil
	}
	var kinds map[string]oneOrMore
	if err := json.Unmarshal(raw, &kinds); err != nil {
		return nil, fmt.Errorf("principal %s: want \"*\" or an object", raw)
	}
	var principals []principal
	for kind, values := range kinds {
		if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, kind) {
			return nil, fmt.Errorf("principal %q: want AWS, Service, Federated or CanonicalUser", kind)
		}
		for _, value := range values {
			principals = append(principals, principal{kind, value})
		}
	}
	return principals, nil
}

// Public says whether the policy of a resource allows anybody something without
// a condition.
func (p *Policy) Public() bool {
	return slices.ContainsFunc(p.statements, func(s *statement) bool {
		return !s.deny && len(s.conditions) == 0 && s.names([]principal{})
	})
}

// matches says whether the statement is about the request, whoever sends it.
func (s *statement) matches(r request) bool {
	return s.action(r) != "" && s.resource(r) != "" && s.holds(r)
}

// action returns which of the statement's actions is the request's.
func (s *statement) action(r request) string {
	i := slices.IndexFunc(s.folded, func(pattern string) bool { return glob(pattern, r.folded) })
	return pick(s.actions, i, s.notAction, "not ")
}

// resource returns which of the statement's resources is the request's.
func (s *statement) resource(r request) string {
	if len(s.resources) == 0 {
		return "*" // A role's trust policy has none.
	}
	i := slices.IndexFunc(s.resources, func(pattern string) bool {
		pattern, ok := substitute(pattern, r.keys)
		return ok && glob(pattern, r.resource)
	})
	return pick(s.resources, i, s.notResource, "not ")
}

func pick(list []string, i int, negated bool, prefix string) string {
	switch {
	case !negated && i >= 0:
		return list[i]
	case negated && i < 0:
		return prefix + strings.Join(list, ", ")
	}
	return ""
}

func (s *statement) holds(r request) bool {
	return !slices.ContainsFunc(s.conditions, func(c condition) bool { return !c.holds(r.keys()) })
}

// names says whether the statement of a resource's policy is about one of the
// names by which a caller is known.
func (s *statement) names(caller []principal) bool {
	named := slices.ContainsFunc(s.principals, func(p principal) bool {
		return p.kind == "AWS" && p.value == "*" || slices.Contains(caller, p)
	})
	return named != s.notPrincipal
}

// variable is a policy variable, such as ${aws:PrincipalArn}, with or without a
// default (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
var variable = regexp.MustCompile(`\$\{([^},]+)(?:,\s*'([^']*)')?\}`)

// substitute puts the values of policy variables into text, and says whether
// there was a value for each.
func substitute(text string, keys func() api.Keys) (string, bool) {
	if !strings.Contains(text, "${") {
		return text, true
	}
	complete := true
	text = variable.ReplaceAllStringFunc(text, func(v string) string {
		parts := variable.FindStringSubmatch(v)
		if slices.Contains([]string{"*", "?", "$"}, parts[1]) {
			return parts[1]
		}
		if values := lookup(keys(), parts[1]); len(values) == 1 {
			return values[0]
		}
		complete = complete && strings.Contains(v, "'")
		return parts[2]
	})
	return text, complete
}

// lookup finds a condition key, whose names do not depend on case.
func lookup(keys api.Keys, name string) []string {
	if values, ok := keys[name]; ok {
		return values
	}
	for key, values := range keys {
		if strings.EqualFold(key, name) {
			return values
		}
	}
	return nil
}

// glob matches text with a pattern in which * stands for any characters and ?
// for one.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
