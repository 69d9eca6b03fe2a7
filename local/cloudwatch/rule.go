package cloudwatch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// rule says whether a composite alarm fires, by the states of others.
type rule func(state func(alarm string) string) bool

// ruleToken matches the parts of a rule: a state of an alarm, whose name may stand in
// quotes, or a word.
var ruleToken = regexp.MustCompile(`^\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|([^\s"()]+))\s*\)|(AND|OR|NOT|TRUE|FALSE)\b|([()]))`)

// parseRule parses an alarm rule: AND before OR, NOT before both
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html).
func parseRule(text string) (rule, error) {
	p := &ruleParser{rest: text}
	p.next()
	parsed := p.either()
	if p.err == nil && p.token != nil {
		p.fail()
	}
	return parsed, p.err
}

type ruleParser struct {
	rest  string
	token []string // nil at the end
	err   error
}

func (p *ruleParser) fail() {
	if p.err == nil {
		p.err = fmt.Errorf("alarm rule: not understood before %q: want such as ALARM(\"a\") AND NOT (OK(\"b\") OR FALSE)", p.rest)
	}
}

func (p *ruleParser) next() {
	p.token = ruleToken.FindStringSubmatch(p.rest)
	if p.token == nil {
		if strings.TrimSpace(p.rest) != "" {
			p.fail()
		}
		return
	}
	p.rest = p.rest[len(p.token[0]):]
}

// takes goes on after a word or bracket if it is the next.
func (p *ruleParser) takes(word string) bool {
	if p.token == nil || p.token[4]+p.token[5] != word {
		return false
	}
	p.next()
	return true
}

func (p *ruleParser) either() rule {
	left := p.both()
	for p.err == nil && p.takes("OR") {
		one, other := left, p.both()
		left = func(state func(string) string) bool { return one(state) || other(state) }
	}
	return left
}

func (p *ruleParser) both() rule {
	left := p.one()
	for p.err == nil && p.takes("AND") {
		one, other := left, p.one()
		left = func(state func(string) string) bool { return one(state) && other(state) }
	}
	return left
}

func (p *ruleParser) one() rule {
	switch {
	case p.takes("NOT"):
		inner := p.one()
		return func(state func(string) string) bool { return !inner(state) }
	case p.takes("("):
		inner := p.either()
		if p.err == nil && !p.takes(")") {
			p.fail()
		}
		return inner
	case p.takes("TRUE"):
		return func(func(string) string) bool { return true }
	case p.takes("FALSE"):
		return func(func(string) string) bool { return false }
	case p.token == nil || p.token[1] == "":
		p.fail()
		return nil
	}
	want, name := p.token[1], strings.TrimPrefix(p.token[2]+p.token[3], ARN(""))
	p.next()
	return func(state func(string) string) bool { return state(name) == want }
}

// follow returns the state of a composite alarm. The caller holds mu.
func (s *Service) follow(a *alarm) (state, reason string) {
	var asked []string
	fires := a.rule(func(name string) string {
		i := slices.IndexFunc(s.alarms, func(other *alarm) bool { return other.Name == name })
		if i < 0 {
			return ""
		}
		if s.alarms[i].status.State == InAlarm {
			asked = append(asked, name)
		}
		return s.alarms[i].status.State
	})
	if !fires {
		return OK, "the alarm rule is false"
	}
	return InAlarm, "the alarm rule is true; in alarm: " + strings.Join(asked, ", ")
}
