package local_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local"
)

// functionURL is a URL of the relay, with what stands in its properties.
func functionURL(properties string) string {
	return `"Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Fn::GetAtt": ["Relay", "Arn"]}` + properties + `}}`
}

// urlPermissions let in who the URL of the relay, or of its alias, lets in.
func urlPermissions(alias, principal string, which ...string) []string {
	var permissions []string
	for _, name := range which {
		action, condition := "InvokeFunctionUrl", `"FunctionUrlAuthType": "`+strings.TrimPrefix(name, "url ")+`"`
		if name == "function" {
			action, condition = "InvokeFunction", `"InvokedViaFunctionUrl": true`
		}
		permissions = append(permissions, fmt.Sprintf(`"May%s": {"Type": "AWS::Lambda::Permission", "Properties": {
			"Action": "lambda:%[1]s", "FunctionName": {"Fn::Sub": "${Relay.Arn}%s"}, "Principal": %q, %s}}`, action, alias, principal, condition))
	}
	return permissions
}

const urlOutputs = `"Url": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}}, "Arn": {"Value": {"Fn::GetAtt": ["Url", "FunctionArn"]}}`

// TestFunctionURLs: a URL needs both permissions, for what it is of, and concurrency
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html,
// https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-throttling).
func TestFunctionURLs(t *testing.T) {
	const none, alias = `, "AuthType": "NONE"`, `, "AuthType": "NONE", "Qualifier": "live"`
	tests := []struct {
		name, function, url string
		permissions         []string
		status              int
		body                string
	}{
		{"both permissions", "", none, urlPermissions("", "*", "url NONE", "function"), 200, "nothing to do"},
		{"streams", "", none + `, "InvokeMode": "RESPONSE_STREAM"`, urlPermissions("", "*", "url NONE", "function"), 200, "nothing to do"},
		{"of an alias", "", alias, urlPermissions(":live", "*", "url NONE", "function"), 200, "nothing to do"},
		{"no permission", "", none, nil, 403, `{"Message":"Forbidden"}`},
		{"no permission for the URL", "", none, urlPermissions("", "*", "function"), 403, `{"Message":"Forbidden"}`},
		{"no permission for the function", "", none, urlPermissions("", "*", "url NONE"), 403, `{"Message":"Forbidden"}`},
		{"permission for another auth type", "", none, urlPermissions("", "*", "url AWS_IAM", "function"), 403, `{"Message":"Forbidden"}`},
		{"permission for a service", "", none, urlPermissions("", "events.amazonaws.com", "url NONE", "function"), 403, `{"Message":"Forbidden"}`},
		{"permission for the function, not its alias", "", alias, urlPermissions("", "*", "url NONE", "function"), 403, `{"Message":"Forbidden"}`},
		{"no concurrency", `, "ReservedConcurrentExecutions": 0`, none, urlPermissions("", "*", "url NONE", "function"), 429, `{"Message":"Too Many Requests"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resources := append(tt.permissions, function(tt.function), functionURL(tt.url))
			c, err := local.Start(write(t, strings.Join(resources, ","), urlOutputs), local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			status, body, _ := fetch(t, c.Outputs()["Main"]["Url"])
			if status != tt.status || body != tt.body {
				t.Errorf("status %d, %s: want %d, %s", status, body, tt.status, tt.body)
			}
			if got, ofAlias := c.Outputs()["Main"]["Arn"], tt.url == alias; strings.HasSuffix(got, ":function:relay:live") != ofAlias {
				t.Errorf("the ARN is %s", got)
			}
		})
	}
}

// TestFunctionURLPermissionIsForURLs: what lets in everybody at the URL lets nobody
// invoke the function in another way
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
func TestFunctionURLPermissionIsForURLs(t *testing.T) {
	resources := append(urlPermissions("", "*", "url NONE", "function"), function(""), functionURL(`, "AuthType": "NONE"`), httpAPI(""))
	c, err := local.Start(write(t, strings.Join(resources, ","), `"Api": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}`), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if status, body, _ := fetch(t, c.Outputs()["Main"]["Api"]+"/relay"); status != 500 {
		t.Errorf("the API answers %d %s: want 500, as it may not invoke the function", status, body)
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
func TestFunctionURLWithCORS(t *testing.T) {
	resources := append(urlPermissions("", "*", "url NONE", "function"), function(""), functionURL(`, "AuthType": "NONE", "Cors": {
		"AllowCredentials": true, "AllowHeaders": ["content-type"], "AllowMethods": ["GET"], "AllowOrigins": ["https://www.example.com"],
		"ExposeHeaders": ["date"], "MaxAge": 60}`))
	c, err := local.Start(write(t, strings.Join(resources, ","), urlOutputs), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	url := c.Outputs()["Main"]["Url"]
	status, _, header := fetch(t, url, "Origin", "https://www.example.com")
	got := []string{fmt.Sprint(status), header.Get("Access-Control-Allow-Origin"), header.Get("Access-Control-Allow-Credentials"), header.Get("Access-Control-Expose-Headers")}
	if diff := cmp.Diff([]string{"200", "https://www.example.com", "true", "date"}, got); diff != "" {
		t.Errorf("the page's origin (-want +got):\n%s", diff)
	}
	if status, _, _ := fetch(t, url, "Origin", "https://elsewhere.example.com"); status != 403 {
		t.Errorf("another origin gets the status %d, want 403", status)
	}
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html
func TestFunctionURLsRefused(t *testing.T) {
	tests := []struct{ name, properties, want string }{
		{"signed requests", `, "AuthType": "AWS_IAM"`, `resource Url: AWS::Lambda::Url: auth type "AWS_IAM" is not supported locally: want NONE`},
		{"no auth type", ``, `auth type "" is not supported locally: want NONE`},
		{"invoke mode", `, "AuthType": "NONE", "InvokeMode": "STREAM"`, `invoke mode "STREAM": want BUFFERED or RESPONSE_STREAM`},
		{"a version", `, "AuthType": "NONE", "Qualifier": "7"`, `qualifier "7": a URL is that of a function or of an alias, not of a version`},
		{"the version here", `, "AuthType": "NONE", "Qualifier": "$LATEST"`, `qualifier "$LATEST": a URL`},
		{"another function", `, "AuthType": "NONE", "TargetFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:other"`, `function:other" is not in this assembly`},
		{"unknown property", `, "AuthType": "NONE", "Tags": []`, `property Tags is not supported locally`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := local.Start(write(t, function("")+","+functionURL(tt.properties), ""), local.Options{})
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}
