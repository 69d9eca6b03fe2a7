package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/iam"
)

type inlinePolicy struct {
	PolicyName     string
	PolicyDocument json.RawMessage
}

type roleProperties struct {
	AssumeRolePolicyDocument json.RawMessage
	Description              noEffect
	ManagedPolicyArns        []string
	MaxSessionDuration       noEffect
	Path                     noEffect
	Policies                 []inlinePolicy
	RoleName                 string
	Tags                     noEffect
}

// managedPolicies are AWS's own policies that functions usually have
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html).
var managedPolicies = map[string][]string{
	"AWSLambdaBasicExecutionRole":    {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
	"AWSLambdaSQSQueueExecutionRole": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
	"AWSXRayDaemonWriteAccess":       {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"},
}

func planRole(c *Cloud, r *assembly.Resource, p *roleProperties) (planned, error) {
	name := cmp.Or(p.RoleName, physicalName(r, 64))
	arn := iam.RoleARN(name)
	trust, err := iam.ParsePolicy(p.AssumeRolePolicyDocument)
	if err != nil {
		return planned{}, fmt.Errorf("AssumeRolePolicyDocument: %w", err)
	}
	var policies []*iam.Policy
	var problems []error
	for _, managed := range p.ManagedPolicyArns {
		policy, err := c.managedPolicy(managed)
		policies, problems = append(policies, policy), append(problems, err)
	}
	for _, inline := range p.Policies {
		policy, err := iam.ParsePolicy(inline.PolicyDocument)
		policies, problems = append(policies, policy), append(problems, err)
	}
	result := named(name, arn, func() error {
		c.authority.AddRole(arn, strings.TrimSuffix(cmp.Or(r.Path, r.LogicalID), "/Resource"), trust)
		for _, policy := range policies {
			if err := c.authority.AddRolePolicy(arn, policy); err != nil {
				return err
			}
		}
		return nil
	})
	result.Attributes["RoleId"] = "AROA" + strings.ToUpper(identifier(r))
	return result, errors.Join(problems...)
}

// managedPolicy finds a policy of AWS's, or one of the assembly's own.
func (c *Cloud) managedPolicy(arn string) (*iam.Policy, error) {
	if policy, ok := c.managed[arn]; ok {
		return policy, nil
	}
	actions, ok := managedPolicies[lastPart(arn, "/")]
	if !ok {
		return nil, fmt.Errorf("managed policy %q is not supported locally", arn)
	}
	document, err := json.Marshal(map[string]any{
		"Version":   "2012-10-17",
		"Statement": map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"},
	})
	if err != nil {
		return nil, err
	}
	return iam.ParsePolicy(document)
}

type policyProperties struct {
	PolicyName     string
	PolicyDocument json.RawMessage
	Roles          []string
}

func planPolicy(c *Cloud, _ *assembly.Resource, p *policyProperties) (planned, error) {
	policy, err := iam.ParsePolicy(p.PolicyDocument)
	return named(p.PolicyName, "", func() error { return c.attach(policy, p.Roles) }), err
}

func (c *Cloud) attach(policy *iam.Policy, roles []string) error {
	for _, role := range roles {
		if err := c.authority.AddRolePolicy(iam.RoleARN(role), policy); err != nil {
			return err
		}
	}
	return nil
}

type managedPolicyProperties struct {
	Description       noEffect
	ManagedPolicyName string
	Path              noEffect
	PolicyDocument    json.RawMessage
	Roles             []string
}

func planManagedPolicy(c *Cloud, r *assembly.Resource, p *managedPolicyProperties) (planned, error) {
	arn := "arn:aws:iam::" + api.Account + ":policy/" + cmp.Or(p.ManagedPolicyName, physicalName(r, 128))
	policy, err := iam.ParsePolicy(p.PolicyDocument)
	c.managed[arn] = policy
	return named(arn, arn, func() error { return c.attach(policy, p.Roles) }), err
}
