package assembly

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// scope is where a stack's intrinsic functions find their values.
type scope struct {
	stack     *Stack
	exports   map[string]any
	before    Outputs // of the stacks before this one
	pseudo    map[string]any
	resources map[string]Identity
	failed    map[string]bool // resources that have no identity
	resolving map[string]bool // conditions, to find circles
	functions map[string]func(any) (any, error)
}

// errFailed is a reference to a resource whose own problem is reported already.
var errFailed = errors.New("depends on a resource that is in error")

// noValue is what {"Ref": "AWS::NoValue"} gives: the property goes.
type noValue struct{}

func newScope(s *Stack, exports map[string]any, before Outputs) *scope {
	sc := &scope{
		stack:   s,
		exports: exports,
		before:  before,
		pseudo: map[string]any{
			"AWS::AccountId":        api.Account,
			"AWS::NoValue":          noValue{},
			"AWS::NotificationARNs": []any{},
			"AWS::Partition":        "aws",
			"AWS::Region":           api.Region,
			"AWS::StackId":          s.ID(),
			"AWS::StackName":        s.Name,
			"AWS::URLSuffix":        "amazonaws.com",
		},
		resources: map[string]Identity{},
		failed:    map[string]bool{},
		resolving: map[string]bool{},
	}
	sc.functions = map[string]func(any) (any, error){
		"Ref":                sc.ref,
		"Condition":          sc.namedCondition,
		"Fn::And":            sc.every(func(all bool, one bool) bool { return all && one }, true),
		"Fn::Base64":         sc.base64,
		"Fn::Equals":         sc.equals,
		"Fn::FindInMap":      sc.findInMap,
		"Fn::GetAZs":         sc.zones,
		"Fn::GetAtt":         sc.getAtt,
		"Fn::GetStackOutput": sc.getStackOutput,
		"Fn::If":             sc.choose,
		"Fn::ImportValue":    sc.importValue,
		"Fn::Join":           sc.join,
		"Fn::Length":         sc.length,
		"Fn::Not":            sc.not,
		"Fn::Or":             sc.every(func(any bool, one bool) bool { return any || one }, false),
		"Fn::Select":         sc.selectOne,
		"Fn::Split":          sc.split,
		"Fn::Sub":            sc.sub,
		"Fn::ToJsonString":   sc.toJSON,
	}
	return sc
}

// resolve returns a value with its intrinsic functions evaluated. Dynamic references
// stay as they are.
func (s *scope) resolve(value any) (any, error) {
	switch v := value.(type) {
	case []any:
		return s.resolveList(v)
	case map[string]any:
		if name, argument, ok := intrinsic(v); ok {
			function, known := s.functions[name]
			if !known {
				return nil, fmt.Errorf("intrinsic function %s is not supported locally", name)
			}
			result, err := function(argument)
			if err != nil && !errors.Is(err, errFailed) {
				err = fmt.Errorf("%s: %w", name, err)
			}
			return result, err
		}
		return s.resolveObject(v)
	}
	return value, nil
}

// intrinsic says whether an object is a function: its one key says so.
func intrinsic(object map[string]any) (name string, argument any, ok bool) {
	if len(object) != 1 {
		return "", nil, false
	}
	for key, argument := range object {
		if _, text := argument.(string); key == "Condition" && !text {
			return "", nil, false // the condition of a policy statement
		}
		return key, argument, key == "Ref" || key == "Condition" || strings.HasPrefix(key, "Fn::")
	}
	return "", nil, false
}

func (s *scope) resolveList(list []any) (any, error) {
	resolved := make([]any, 0, len(list))
	for _, element := range list {
		value, err := s.resolve(element)
		if err != nil {
			return nil, err
		}
		if value != (noValue{}) {
			resolved = append(resolved, value)
		}
	}
	return resolved, nil
}

func (s *scope) resolveObject(object map[string]any) (any, error) {
	resolved := make(map[string]any, len(object))
	for key, element := range object {
		value, err := s.resolve(element)
		if errors.Is(err, errFailed) {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if value != (noValue{}) {
			resolved[key] = value
		}
	}
	return resolved, nil
}

func (s *scope) ref(argument any) (any, error) {
	name := asText(argument)
	if value, ok := s.pseudo[name]; ok {
		return value, nil
	}
	if p, ok := s.stack.template.Parameters[name]; ok {
		return s.parameter(name, p)
	}
	identity, err := s.identity(name)
	if err == nil && identity.Ref == "" {
		err = fmt.Errorf("the ID of %s is known only once it is created, so that nothing can refer to it locally", name)
	}
	return identity.Ref, err
}

func (s *scope) identity(logicalID string) (Identity, error) {
	if s.failed[logicalID] {
		return Identity{}, errFailed
	}
	identity, ok := s.resources[logicalID]
	if !ok {
		return Identity{}, fmt.Errorf("%q is neither a parameter nor a resource that is created", logicalID)
	}
	return identity, nil
}

func (s *scope) parameter(name string, p parameter) (any, error) {
	value := p.Default
	if given, ok := s.stack.Parameters[name]; ok {
		value = given
	}
	switch {
	case strings.HasPrefix(p.Type, "AWS::SSM::Parameter::"):
		return nil, fmt.Errorf("parameter %s: type %s is not supported locally", name, p.Type)
	case value == nil:
		return nil, fmt.Errorf("parameter %s has no value: give it a default", name)
	case p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<"):
		return list(strings.Split(asText(value), ",")), nil
	}
	return asText(value), nil
}

// attribute reads the argument of Fn::GetAtt in either of its forms.
func attribute(argument any) (logicalID, name string) {
	if parts, ok := argument.([]any); ok && len(parts) == 2 {
		return asText(parts[0]), asText(parts[1])
	}
	logicalID, name, _ = strings.Cut(asText(argument), ".")
	return logicalID, name
}

func (s *scope) getAtt(argument any) (any, error) {
	logicalID, name := attribute(argument)
	identity, err := s.identity(logicalID)
	if err != nil {
		return nil, err
	}
	value, ok := identity.Attributes[name]
	if !ok {
		return nil, fmt.Errorf("attribute %s of %s is not supported locally", name, logicalID)
	}
	return value, nil
}

func (s *scope) importValue(argument any) (any, error) {
	name, err := s.text(argument)
	if err != nil {
		return nil, err
	}
	value, ok := s.exports[name]
	if !ok {
		return nil, fmt.Errorf("no stack before this one exports %q", name)
	}
	return value, nil
}

// getStackOutput finds an output of a stack before this one, exported or not
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html).
// All accounts and regions are one here.
func (s *scope) getStackOutput(argument any) (any, error) {
	resolved, err := s.resolve(argument)
	if err != nil {
		return nil, err
	}
	from, _ := resolved.(map[string]any)
	stack, name := asText(from["StackName"]), asText(from["OutputName"])
	value, ok := s.before[stack][name]
	if !ok {
		return nil, fmt.Errorf("no stack %q before this one has an output %q", stack, name)
	}
	return value, nil
}

// arguments resolves a list of n arguments.
func (s *scope) arguments(argument any, n int) ([]any, error) {
	raw, ok := argument.([]any)
	if !ok || len(raw) != n {
		return nil, fmt.Errorf("want a list of %d", n)
	}
	resolved, err := s.resolveList(raw)
	if err != nil {
		return nil, err
	}
	if values := resolved.([]any); len(values) == n {
		return values, nil
	}
	return nil, errors.New("an argument has no value")
}

func (s *scope) join(argument any) (any, error) {
	arguments, err := s.arguments(argument, 2)
	if err != nil {
		return nil, err
	}
	elements, ok := arguments[1].([]any)
	if !ok {
		return nil, errors.New("want a list to join")
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		texts[i] = asText(element)
	}
	return strings.Join(texts, asText(arguments[0])), nil
}

func (s *scope) split(argument any) (any, error) {
	arguments, err := s.arguments(argument, 2)
	if err != nil {
		return nil, err
	}
	return list(strings.Split(asText(arguments[1]), asText(arguments[0]))), nil
}

func (s *scope) selectOne(argument any) (any, error) {
	arguments, err := s.arguments(argument, 2)
	if err != nil {
		return nil, err
	}
	index, err := strconv.Atoi(asText(arguments[0]))
	elements, ok := arguments[1].([]any)
	if err != nil || !ok || index < 0 || index >= len(elements) {
		return nil, fmt.Errorf("there is no element %s in a list of %d", asText(arguments[0]), len(elements))
	}
	return elements[index], nil
}

// placeholder is ${Name}, ${Name.Attribute} or, literally, ${!Text}.
var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

func placeholders(argument any) []string {
	if parts, ok := argument.([]any); ok && len(parts) > 0 {
		argument = parts[0]
	}
	text, _ := argument.(string)
	var names []string
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.TrimSpace(match[1]))
	}
	return names
}

func (s *scope) sub(argument any) (any, error) {
	variables := map[string]any{}
	if parts, ok := argument.([]any); ok && len(parts) == 2 {
		given, err := s.resolve(parts[1])
		if err != nil {
			return nil, err
		}
		variables, _ = given.(map[string]any)
		argument = parts[0]
	}
	text, ok := argument.(string)
	if !ok {
		return nil, errors.New("want a text")
	}
	var failure error
	text = placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := strings.TrimSpace(match[2 : len(match)-1])
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		value, ok := variables[name]
		var err error
		switch {
		case ok:
		case strings.Contains(name, "."):
			value, err = s.getAtt(name)
		default:
			value, err = s.ref(name)
		}
		failure = errors.Join(failure, err)
		return asText(value)
	})
	return text, failure
}

func (s *scope) findInMap(argument any) (any, error) {
	raw, _ := argument.([]any)
	fallback := map[string]any{}
	if len(raw) == 4 {
		fallback, _ = raw[3].(map[string]any)
		argument = raw[:3]
	}
	arguments, err := s.arguments(argument, 3)
	if err != nil {
		return nil, err
	}
	m, first, second := asText(arguments[0]), asText(arguments[1]), asText(arguments[2])
	if value, ok := s.stack.template.Mappings[m][first][second]; ok {
		return value, nil
	}
	if value, ok := fallback["DefaultValue"]; ok {
		return s.resolve(value)
	}
	return nil, fmt.Errorf("mapping %s has no %s.%s", m, first, second)
}

func (s *scope) zones(any) (any, error) {
	return list([]string{api.Region + "a", api.Region + "b", api.Region + "c"}), nil
}

func (s *scope) base64(argument any) (any, error) {
	text, err := s.text(argument)
	return base64.StdEncoding.EncodeToString([]byte(text)), err
}

func (s *scope) length(argument any) (any, error) {
	value, err := s.resolve(argument)
	if err != nil {
		return nil, err
	}
	elements, ok := value.([]any)
	if !ok {
		return nil, errors.New("want a list")
	}
	return json.Number(strconv.Itoa(len(elements))), nil
}

func (s *scope) toJSON(argument any) (any, error) {
	value, err := s.resolve(argument)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	return string(text), err
}

// choose evaluates only the branch that the condition asks for.
func (s *scope) choose(argument any) (any, error) {
	arguments, ok := argument.([]any)
	if !ok || len(arguments) != 3 {
		return nil, errors.New("want a list of 3")
	}
	holds, err := s.condition(asText(arguments[0]))
	if err != nil {
		return nil, err
	}
	if holds {
		return s.resolve(arguments[1])
	}
	return s.resolve(arguments[2])
}

func (s *scope) namedCondition(argument any) (any, error) { return s.condition(asText(argument)) }

// condition evaluates a condition of the template. Without a name it holds.
func (s *scope) condition(name string) (bool, error) {
	if name == "" {
		return true, nil
	}
	expression, ok := s.stack.template.Conditions[name]
	if !ok {
		return false, fmt.Errorf("condition %q is not declared", name)
	}
	if s.resolving[name] {
		return false, fmt.Errorf("condition %q depends on itself", name)
	}
	s.resolving[name] = true
	defer delete(s.resolving, name)
	return s.truth(expression)
}

func (s *scope) truth(expression any) (bool, error) {
	value, err := s.resolve(expression)
	if err != nil {
		return false, err
	}
	holds, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("want a condition, not %v", value)
	}
	return holds, nil
}

func (s *scope) every(combine func(bool, bool) bool, start bool) func(any) (any, error) {
	return func(argument any) (any, error) {
		conditions, _ := argument.([]any)
		result := start
		for _, c := range conditions {
			holds, err := s.truth(c)
			if err != nil {
				return nil, err
			}
			result = combine(result, holds)
		}
		return result, nil
	}
}

func (s *scope) not(argument any) (any, error) {
	conditions, ok := argument.([]any)
	if !ok || len(conditions) != 1 {
		return nil, errors.New("want a list of 1")
	}
	holds, err := s.truth(conditions[0])
	return !holds, err
}

func (s *scope) equals(argument any) (any, error) {
	arguments, err := s.arguments(argument, 2)
	if err != nil {
		return nil, err
	}
	return asText(arguments[0]) == asText(arguments[1]), nil
}

func (s *scope) text(value any) (string, error) {
	resolved, err := s.resolve(value)
	return asText(resolved), err
}

// asText returns a scalar as CloudFormation writes it in text.
func asText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(value)
}

func list(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}
