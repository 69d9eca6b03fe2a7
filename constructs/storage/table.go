// Package storage holds the DynamoDB tables and S3 buckets of this library, with
// the settings that all of them share.
package storage

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/overlay"
)

// TableProps configures a table. Only PartitionKey is required.
type TableProps struct {
	// PartitionKey is the name of the partition key, a string attribute.
	PartitionKey string
	// SortKey is the name of the sort key, a string attribute. Empty means that
	// there is none.
	SortKey string
	// TimeToLive is the name of the attribute that holds when an item expires,
	// in seconds since 1970. Empty means that items do not expire.
	TimeToLive string
	// RemovalPolicy says what becomes of the table when it leaves its stack.
	// Empty means that it is retained. Unless it is destroyed, it is protected from
	// deletion
	// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection).
	RemovalPolicy awscdk.RemovalPolicy
	// Table overrides settings of the table; nil fields keep the defaults.
	Table *awsdynamodb.TablePropsV2
}

// NewTable adds a DynamoDB table to scope: paid by request, with point-in-time
// recovery and encrypted with the key that AWS manages for DynamoDB, which is
// visible in CloudTrail and has no monthly price
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html).
// It panics if props are invalid.
func NewTable(scope constructs.Construct, id string, props *TableProps) awsdynamodb.TableV2 {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("storage: Table %q: %w", id, err))
	}
	settings := &awsdynamodb.TablePropsV2{
		PartitionKey: stringKey(props.PartitionKey),
		Billing:      awsdynamodb.Billing_OnDemand(nil),
		Encryption:   awsdynamodb.TableEncryptionV2_AwsManagedKey(),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: new(true),
		},
		RemovalPolicy:      cmp.Or(props.RemovalPolicy, awscdk.RemovalPolicy_RETAIN),
		DeletionProtection: new(props.RemovalPolicy != awscdk.RemovalPolicy_DESTROY),
	}
	if props.SortKey != "" {
		settings.SortKey = stringKey(props.SortKey)
	}
	if props.TimeToLive != "" {
		settings.TimeToLiveAttribute = &props.TimeToLive
	}
	overlay.Set(settings, props.Table)
	return awsdynamodb.NewTableV2(scope, &id, settings)
}

// Grant allows grantee the given actions on the table, such as
// "dynamodb:GetItem", and nothing else. A table that is encrypted with a KMS key
// of your own takes the use of that key, too
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html).
func Grant(table awsdynamodb.TableV2, grantee awsiam.IGrantable, actions ...string) {
	var pointers []*string
	for _, action := range actions {
		pointers = append(pointers, &action)
	}
	table.Grant(grantee, pointers...)
	if key := table.EncryptionKey(); key != nil {
		key.GrantEncryptDecrypt(grantee)
	}
}

func (p *TableProps) validate() error {
	if p == nil || p.PartitionKey == "" {
		return errors.New("no PartitionKey: set the name of the partition key")
	}
	if p.PartitionKey == p.SortKey {
		return fmt.Errorf("SortKey is %q: must differ from PartitionKey", p.SortKey)
	}
	return nil
}

func stringKey(name string) *awsdynamodb.Attribute {
	return &awsdynamodb.Attribute{Name: &name, Type: awsdynamodb.AttributeType_STRING}
}
