package iam

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Authority holds the policies of roles and resources and decides by them. It is
// safe for concurrent use.
type Authority struct {
	clock clockwork.Clock

	mu        sync.Mutex
	roles     map[string]*role
	resources map[string][]*Policy
}

type role struct {
	name     string // the path of its construct
	trust    *Policy
	policies []*Policy
	used     map[Grant]int // by what the caller asked for
	granted  map[Grant]int // by what a statement says
	sole     map[Grant]int // as granted, where nothing else allowed the call
	denied   map[Grant]int
}

// New returns an Authority without roles.
func New(clock clockwork.Clock) *Authority {
	return &Authority{clock: clock, roles: map[string]*role{}, resources: map[string][]*Policy{}}
}

// RoleARN returns the ARN of a role of that name.
func RoleARN(name string) string { return "arn:aws:iam::" + api.Account + ":role/" + name }

// AddRole adds a role with the policy that says who may assume it. Path names
// the role in the report.
func (a *Authority) AddRole(arn, path string, trust *Policy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roles[arn] = &role{name: path, trust: trust, used: map[Grant]int{}, granted: map[Grant]int{}, sole: map[Grant]int{}, denied: map[Grant]int{}}
}

// AddRolePolicy attaches a policy to a role.
func (a *Authority) AddRolePolicy(arn string, policy *Policy) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.roles[arn]
	if !ok {
		return fmt.Errorf("iam: role %q does not exist", arn)
	}
	r.policies = append(r.policies, policy)
	for _, s := range policy.statements {
		for _, g := range s.grants() {
			r.granted[g] += 0
		}
	}
	return nil
}

// AddResourcePolicy adds a policy to a resource, such as a queue, a topic, a
// function, or a bucket with its objects.
func (a *Authority) AddResourcePolicy(arn string, policy *Policy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resources[arn] = append(a.resources[arn], policy)
}

// Assume returns the principal that a service (lambda.amazonaws.com) is when it
// has assumed a role, or an error if the role does not trust the service.
// Session names what the role is assumed for.
func (a *Authority) Assume(roleARN, service, session string) (*api.Principal, error) {
	a.mu.Lock()
	r, ok := a.roles[roleARN]
	a.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("iam: role %q does not exist", roleARN)
	}
	asService := []principal{{kind: "Service", value: service}}
	assume := a.request("sts:AssumeRole", roleARN, nil, nil)
	if v := evaluate([]*Policy{r.trust}, assume, asService); v.denied || len(v.allowing) == 0 {
		return nil, fmt.Errorf("iam: role %q cannot be assumed by %s: its trust policy does not allow it", roleARN, service)
	}
	name := roleARN[strings.LastIndexByte(roleARN, '/')+1:]
	caller := "arn:aws:sts::" + api.Account + ":assumed-role/" + name + "/" + session
	names := []principal{{"AWS", roleARN}, {"AWS", caller}, {"AWS", api.Account}, {"AWS", "arn:aws:iam::" + api.Account + ":root"}}
	return a.principal(caller, names, r, api.Keys{
		"aws:PrincipalArn":     {roleARN},
		"aws:PrincipalAccount": {api.Account},
		"aws:PrincipalType":    {"AssumedRole"},
	}), nil
}

// principal returns who is known by names, with a role or nil.
func (a *Authority) principal(caller string, names []principal, r *role, callerKeys api.Keys) *api.Principal {
	decide := func(action, resource string, keys api.Keys, ask bool) error {
		return a.decide(caller, names, r, a.request(action, resource, keys, callerKeys), ask)
	}
	return &api.Principal{
		ARN:   caller,
		Allow: func(action, resource string, keys api.Keys) error { return decide(action, resource, keys, true) },
		Check: func(action, resource string, keys api.Keys) error { return decide(action, resource, keys, false) },
	}
}

// Anonymous returns the principal of requests that are not signed. What it may
// do stands in policies that name everybody.
func (a *Authority) Anonymous() *api.Principal {
	anonymous := a.principal("anonymous", []principal{}, nil, api.Keys{"aws:PrincipalType": {"Anonymous"}})
	anonymous.Anonymous = true
	return anonymous
}

// Service returns the principal that a service (events.amazonaws.com) is when it
// delivers on behalf of a resource. What it may do stands in the policies of
// the resources that it delivers to.
func (a *Authority) Service(name, sourceARN string) *api.Principal {
	return a.principal(name, []principal{{"Service", name}}, nil, api.Keys{
		"aws:SourceArn":             {sourceARN},
		"aws:SourceAccount":         {api.Account},
		"aws:PrincipalIsAWSService": {"true"},
		"aws:PrincipalServiceName":  {name},
	})
}

func (a *Authority) request(action, resource string, requestKeys, callerKeys api.Keys) request {
	return request{action: action, resource: resource, folded: strings.ToLower(action), keys: sync.OnceValue(func() api.Keys {
		keys := a.globalKeys()
		maps.Copy(keys, callerKeys)
		maps.Copy(keys, requestKeys)
		return keys
	})}
}

// globalKeys are true of every request. The local endpoint stands for AWS's own,
// which functions reach over TLS
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
func (a *Authority) globalKeys() api.Keys {
	now := a.clock.Now().UTC()
	return api.Keys{
		"aws:SecureTransport":  {"true"},
		"aws:RequestedRegion":  {api.Region},
		"aws:CurrentTime":      {now.Format(time.RFC3339)},
		"aws:EpochTime":        {fmt.Sprint(now.Unix())},
		"aws:ViaAWSService":    {"false"},
		"aws:SourceIp":         {"127.0.0.1"},
		"aws:ResourceAccount":  {api.Account},
		"aws:PrincipalAccount": {api.Account},
	}
}

// verdict is what policies say of a request.
type verdict struct {
	denied   bool
	allowing []*statement
}

// evaluate asks the policies of a role, whose statements name no caller, or, with
// the caller's names, those of a resource.
func evaluate(policies []*Policy, r request, caller []principal) verdict {
	var v verdict
	for _, policy := range policies {
		for _, s := range policy.statements {
			if caller != nil && !s.names(caller) || !s.matches(r) {
				continue
			}
			if s.deny {
				v.denied = true
			} else {
				v.allowing = append(v.allowing, s)
			}
		}
	}
	return v
}

// decide says no if any policy denies, and yes if the role's or the resource's
// allow: within one account either is enough. Ask says whether it is a call,
// of which the report tells also if it is refused.
func (a *Authority) decide(caller string, names []principal, r *role, req request, ask bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	byResource := evaluate(a.resources[governing(req.resource)], req, names)
	var byRole verdict
	if r != nil {
		byRole = evaluate(r.policies, req, nil)
	}
	allowed := len(byRole.allowing)+len(byResource.allowing) > 0
	reason := ""
	switch {
	case byRole.denied:
		reason = "with an explicit deny in an identity-based policy"
	case byResource.denied:
		reason = "with an explicit deny in a resource-based policy"
	case !allowed && r == nil:
		reason = "because no resource-based policy allows the " + req.action + " action"
	case !allowed:
		reason = "because no identity-based policy allows the " + req.action + " action"
	}
	if r != nil && (ask || reason == "") {
		r.record(req, reason == "", byRole.allowing, len(byResource.allowing) > 0)
	}
	if reason == "" {
		return nil
	}
	return &api.Error{
		Code:    "AccessDeniedException",
		Status:  http.StatusForbidden,
		Message: fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", caller, req.action, req.resource, reason),
	}
}

// governing returns the ARN of the resource whose policy is about another: that
// of a bucket is about its objects.
func governing(arn string) string {
	if bucket, _, ok := strings.Cut(arn, "/"); ok && strings.HasPrefix(arn, "arn:aws:s3:::") {
		return bucket
	}
	return arn
}

// record notes a call, which the statements of the role allowed, and perhaps the
// policy of the resource as well.
func (r *role) record(req request, allowed bool, allowing []*statement, otherwise bool) {
	asked := Grant{Action: req.action, Resource: req.resource}
	if !allowed {
		r.denied[asked]++
		return
	}
	r.used[asked]++
	for _, s := range allowing {
		grant := Grant{Action: s.action(req), Resource: s.resource(req)}
		r.granted[grant]++
		if len(allowing) == 1 && !otherwise {
			r.sole[grant]++
		}
	}
}

// grants are the pairs of action and resource that a statement allows.
func (s *statement) grants() []Grant {
	if s.deny {
		return nil
	}
	actions, resources := s.actions, s.resources
	if s.notAction {
		actions = []string{"not " + strings.Join(actions, ", ")}
	}
	if s.notResource {
		resources = []string{"not " + strings.Join(resources, ", ")}
	}
	var grants []Grant
	for _, action := range actions {
		for _, resource := range resources {
			grants = append(grants, Grant{Action: action, Resource: resource})
		}
	}
	return grants
}

// Grant is an action on a resource.
type Grant struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

// Count is a grant and how often it was used, or refused.
type Count struct {
	Grant
	Count int `json:"count"`
}

// RoleReport says what a role was granted and what it did with it.
type RoleReport struct {
	// Role is the path of the role's construct.
	Role string `json:"role"`
	// ARN is the role's ARN.
	ARN string `json:"arn"`
	// Granted are the pairs of action and resource in the role's policies, with
	// how many calls each allowed.
	Granted []Count `json:"granted"`
	// Sole are the granted pairs without which calls would have been denied, with
	// how many: no other statement, and no policy of the resource, allowed these.
	Sole []Count `json:"sole"`
	// Used are the calls that the role was allowed, by its own policies or by a
	// resource's.
	Used []Count `json:"used"`
	// Denied are the calls that it was not.
	Denied []Count `json:"denied"`
	// NeverUsed are the granted pairs that allowed no call, though one could.
	NeverUsed []Grant `json:"neverUsed"`
	// NotHere are the granted pairs that allowed no call because what they are for
	// does not exist on this machine: traces.
	NotHere []Grant `json:"notHere"`
}

// Report tells of every role, in the order of their paths.
func (a *Authority) Report() []RoleReport {
	a.mu.Lock()
	defer a.mu.Unlock()
	reports := []RoleReport{}
	for arn, r := range a.roles {
		report := RoleReport{Role: r.name, ARN: arn, Granted: counts(r.granted), Sole: counts(r.sole), Used: counts(r.used), Denied: counts(r.denied), NeverUsed: []Grant{}, NotHere: []Grant{}}
		for _, c := range report.Granted {
			switch {
			case c.Count > 0:
			case strings.HasPrefix(c.Action, "xray:"):
				report.NotHere = append(report.NotHere, c.Grant)
			default:
				report.NeverUsed = append(report.NeverUsed, c.Grant)
			}
		}
		reports = append(reports, report)
	}
	slices.SortFunc(reports, func(x, y RoleReport) int { return strings.Compare(x.Role+x.ARN, y.Role+y.ARN) })
	return reports
}

func counts(of map[Grant]int) []Count {
	list := []Count{}
	for grant, n := range of {
		list = append(list, Count{grant, n})
	}
	slices.SortFunc(list, func(x, y Count) int {
		return strings.Compare(x.Action+" "+x.Resource, y.Action+" "+y.Resource)
	})
	return list
}
