package dynamodb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/api"
)

// The actions, resources and condition keys are those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html.
// Transactions need the actions of their parts
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
func TestAuthorize(t *testing.T) {
	const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/"
	plainKey := attributes(M{"id": "a"})
	thingsKey := attributes(M{"p": "a", "s": 1})
	tests := []struct {
		name string
		call func(c *dynamodb.Client) error
		want []string
	}{
		{"PutItem", func(c *dynamodb.Client) error {
			_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: new("plain"), Item: attributes(M{"id": "a", "v": 1}), ConditionExpression: new("attribute_not_exists(w)")})
			return err
		}, []string{"dynamodb:PutItem " + arn + "plain Attributes=[id v w] LeadingKeys=[a] ReturnValues=[NONE]"}},
		{"UpdateItem", func(c *dynamodb.Client) error {
			_, err := c.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: new(arn + "plain"), Key: plainKey, UpdateExpression: new("REMOVE x.y"), ReturnValues: "ALL_NEW", ReturnConsumedCapacity: "TOTAL"})
			return err
		}, []string{"dynamodb:UpdateItem " + arn + "plain Attributes=[id x] LeadingKeys=[a] ReturnConsumedCapacity=[TOTAL] ReturnValues=[ALL_NEW]"}},
		{"DeleteItem", func(c *dynamodb.Client) error {
			_, err := c.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: new("plain"), Key: plainKey})
			return err
		}, []string{"dynamodb:DeleteItem " + arn + "plain Attributes=[id] LeadingKeys=[a] ReturnValues=[NONE]"}},
		{"GetItem", func(c *dynamodb.Client) error {
			_, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("plain"), Key: plainKey})
			return err
		}, []string{"dynamodb:GetItem " + arn + "plain LeadingKeys=[a]"}},
		{"GetItem of some attributes", func(c *dynamodb.Client) error {
			_, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("plain"), Key: plainKey, ProjectionExpression: new("v, w.x")})
			return err
		}, []string{"dynamodb:GetItem " + arn + "plain Attributes=[id v w] LeadingKeys=[a]"}},
		{"Query", func(c *dynamodb.Client) error {
			_, err := c.Query(t.Context(), &dynamodb.QueryInput{
				TableName: new("things"), KeyConditionExpression: new("p = :p AND s > :s"), FilterExpression: new("attribute_exists(f)"), ProjectionExpression: new("v"),
				ExpressionAttributeValues: attributes(M{":p": "a", ":s": 1}),
			})
			return err
		}, []string{"dynamodb:Query " + arn + "things Attributes=[f p s v] LeadingKeys=[a] Select=[SPECIFIC_ATTRIBUTES]"}},
		{"Query of an index", func(c *dynamodb.Client) error {
			_, err := c.Query(t.Context(), &dynamodb.QueryInput{
				TableName: new("things"), IndexName: new("global"), KeyConditionExpression: new("g = :g"), ExpressionAttributeValues: attributes(M{":g": "x"}),
			})
			return err
		}, []string{"dynamodb:Query " + arn + "things/index/global LeadingKeys=[x] Select=[ALL_PROJECTED_ATTRIBUTES]"}},
		{"Scan", func(c *dynamodb.Client) error {
			_, err := c.Scan(t.Context(), &dynamodb.ScanInput{TableName: new("things"), IndexName: new("local"), Select: "COUNT"})
			return err
		}, []string{"dynamodb:Scan " + arn + "things/index/local Select=[COUNT]"}},
		{"BatchGetItem", func(c *dynamodb.Client) error {
			_, err := c.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				"plain":  {Keys: []map[string]types.AttributeValue{plainKey, attributes(M{"id": "b"})}},
				"things": {Keys: []map[string]types.AttributeValue{thingsKey}},
			}})
			return err
		}, []string{"dynamodb:BatchGetItem " + arn + "plain LeadingKeys=[a b]", "dynamodb:BatchGetItem " + arn + "things LeadingKeys=[a]"}},
		{"BatchWriteItem", func(c *dynamodb.Client) error {
			_, err := c.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
				"plain":  {putOf(M{"id": "a", "v": 1}), deleteOf(M{"id": "b"})},
				"things": {deleteOf(M{"p": "a", "s": 1})},
			}})
			return err
		}, []string{"dynamodb:BatchWriteItem " + arn + "plain Attributes=[id v] LeadingKeys=[a b]", "dynamodb:BatchWriteItem " + arn + "things Attributes=[p s] LeadingKeys=[a]"}},
		{"TransactGetItems", func(c *dynamodb.Client) error {
			_, err := c.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
				{Get: &types.Get{TableName: new("plain"), Key: plainKey}}, {Get: &types.Get{TableName: new("things"), Key: thingsKey}},
			}})
			return err
		}, []string{"dynamodb:GetItem " + arn + "plain EnclosingOperation=[TransactGetItems] LeadingKeys=[a]", "dynamodb:GetItem " + arn + "things EnclosingOperation=[TransactGetItems] LeadingKeys=[a]"}},
		{"TransactWriteItems", func(c *dynamodb.Client) error {
			_, err := c.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
				transactPut(M{"id": "a", "v": 1}), transactPut(M{"id": "b", "w": 1}), transactAdd("c", "n", 1),
				{Delete: &types.Delete{TableName: new("things"), Key: thingsKey}},
				{ConditionCheck: &types.ConditionCheck{TableName: new("plain"), Key: attributes(M{"id": "d"}), ConditionExpression: new("attribute_not_exists(x)")}},
			}})
			return err
		}, []string{
			"dynamodb:PutItem " + arn + "plain Attributes=[id v w] EnclosingOperation=[TransactWriteItems] LeadingKeys=[a b]",
			"dynamodb:UpdateItem " + arn + "plain Attributes=[id n] EnclosingOperation=[TransactWriteItems] LeadingKeys=[c]",
			"dynamodb:DeleteItem " + arn + "things Attributes=[p s] EnclosingOperation=[TransactWriteItems] LeadingKeys=[a]",
			"dynamodb:ConditionCheckItem " + arn + "plain Attributes=[id x] EnclosingOperation=[TransactWriteItems] LeadingKeys=[d]",
		}},
		{"DescribeTable", func(c *dynamodb.Client) error {
			_, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: new("plain")})
			return err
		}, []string{"dynamodb:DescribeTable " + arn + "plain"}},
		{"DescribeTimeToLive", func(c *dynamodb.Client) error {
			_, err := c.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: new("plain")})
			return err
		}, []string{"dynamodb:DescribeTimeToLive " + arn + "plain"}},
		{"ListTables", func(c *dynamodb.Client) error {
			_, err := c.ListTables(t.Context(), &dynamodb.ListTablesInput{})
			return err
		}, []string{"dynamodb:ListTables *"}},
		{"a table that does not exist", func(c *dynamodb.Client) error {
			_, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("absent"), Key: plainKey})
			return err
		}, []string{"dynamodb:GetItem " + arn + "absent"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			var asked []string
			var refused string
			s.principal = &api.Principal{ARN: "arn:aws:iam::000000000000:role/r", Allow: func(action, resource string, keys api.Keys) error {
				one := action + " " + resource
				var names []string
				for name := range keys {
					names = append(names, name)
				}
				slices.Sort(names)
				for _, name := range names {
					one += " " + strings.TrimPrefix(name, "dynamodb:") + "=" + fmt.Sprint(keys[name])
				}
				asked = append(asked, one)
				if one == refused {
					return &api.Error{Code: "AccessDeniedException", Message: "not authorized"}
				}
				return nil
			}}
			_ = tt.call(s.client())
			if d := cmp.Diff(tt.want, asked); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			for n := range tt.want {
				asked, refused = nil, tt.want[n]
				checkError(t, tt.call(s.client()), "AccessDeniedException", "not authorized")
				diff(t, asked, tt.want[:n+1])
			}
		})
	}
}

// A caller without permission does not learn what is wrong with its request.
func TestPermissionComesFirst(t *testing.T) {
	s := newServer(t)
	s.principal = &api.Principal{Allow: func(string, string, api.Keys) error { return &api.Error{Code: "AccessDeniedException"} }}
	for name, input := range map[string]string{
		"PutItem":            `{"TableName": "absent", "Item": {}, "ConditionExpression": "="}`,
		"UpdateItem":         `{"TableName": "absent", "Key": {}, "UpdateExpression": "="}`,
		"DeleteItem":         `{"TableName": "absent", "ConditionExpression": "="}`,
		"GetItem":            `{"TableName": "absent", "ProjectionExpression": "="}`,
		"Query":              `{"TableName": "absent", "KeyConditionExpression": "="}`,
		"Scan":               `{"TableName": "absent", "FilterExpression": "="}`,
		"BatchGetItem":       `{"RequestItems": {"absent": {"Keys": [{}], "ProjectionExpression": "="}}}`,
		"BatchWriteItem":     `{"RequestItems": {"absent": [{}]}}`,
		"TransactGetItems":   `{"TransactItems": [{"Get": {"TableName": "absent", "ProjectionExpression": "="}}]}`,
		"TransactWriteItems": `{"TransactItems": [{"Put": {"TableName": "absent", "ConditionExpression": "="}}]}`,
	} {
		_, err := s.Operations().Call(&api.Call{Context: t.Context(), Principal: s.principal}, name, []byte(input))
		if failure, ok := errors.AsType[*api.Error](err); !ok || failure.Code != "AccessDeniedException" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
