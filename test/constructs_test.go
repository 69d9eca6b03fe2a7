package test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesis"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/messaging"
	"github.com/noidle/noidle/constructs/orders"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/thumbnails"
	"github.com/noidle/noidle/constructs/web"
	"github.com/noidle/noidle/constructs/workflow"
	"github.com/noidle/noidle/stacks"
)

// scenarios are the constructs, with their defaults and fully configured. Each
// has a snapshot and a contract of logical IDs of its own.
var scenarios = map[string]func(scope constructs.Construct, id string) constructs.Construct{
	"compute/GoFunction":        func(s constructs.Construct, id string) constructs.Construct { return newFunction(s, id) },
	"compute/GoFunction-full":   fullFunction,
	"compute/GoFunction-canary": func(s constructs.Construct, id string) constructs.Construct { return canaryFunction(s, id) },
	"messaging/DeadLetterQueue": func(s constructs.Construct, id string) constructs.Construct {
		return messaging.NewDeadLetterQueue(s, id, nil)
	},
	"messaging/DeadLetterQueue-full":    fullDeadLetterQueue,
	"messaging/QueueWorker":             defaultQueueWorker,
	"messaging/QueueWorker-full":        fullQueueWorker,
	"messaging/QueueWorker-fifo":        fifoQueueWorker,
	"workflow/Saga":                     defaultSaga,
	"workflow/Saga-full":                fullSaga,
	"workflow/Saga-express":             expressSaga,
	"orders/OrderQueue":                 defaultOrderQueue,
	"orders/OrderQueue-full":            fullOrderQueue,
	"thumbnails/ThumbnailPipeline":      defaultThumbnailPipeline,
	"thumbnails/ThumbnailPipeline-full": fullThumbnailPipeline,
	"web/ServerlessWebApp":              defaultServerlessWebApp,
	"web/ServerlessWebApp-full":         fullServerlessWebApp,
	"web/StaticSite":                    defaultStaticSite,
	"web/StaticSite-full":               fullStaticSite,
	"ops/CustomResource":                defaultCustomResource,
	"ops/CustomResource-full":           fullCustomResource,
	"analytics/StreamAnalytics":         defaultStreamAnalytics,
	"analytics/StreamAnalytics-full":    fullStreamAnalytics,
	"observe/Dashboard":                 func(s constructs.Construct, id string) constructs.Construct { return newDashboard(s, id) },
	"observe/Alarms":                    func(s constructs.Construct, id string) constructs.Construct { return newAlarms(s, id) },
	"observe/Alarms-full":               fullAlarms,
	"observe/Queries":                   defaultQueries,
	"observe/Budget":                    defaultBudget,
	"observe/AuditTrail":                defaultAuditTrail,
	"observe/AuditTrail-full":           fullAuditTrail,
	"storage/Bucket":                    func(s constructs.Construct, id string) constructs.Construct { return storage.NewBucket(s, id, nil) },
	"storage/Bucket-full":               fullBucket,
	"storage/Table":                     defaultTable,
	"storage/Table-full":                fullTable,
	"web/HTTPService":                   defaultHTTPService,
	"web/HTTPService-full":              fullHTTPService,
	"web/SignIn":                        func(s constructs.Construct, id string) constructs.Construct { return web.NewSignIn(s, id, nil) },
	"web/SignIn-full":                   fullSignIn,
}

func newFunction(scope constructs.Construct, id string) *compute.GoFunction {
	return compute.NewGoFunction(scope, id, &compute.GoFunctionProps{Package: "./functions/hello"})
}

func fullFunction(scope constructs.Construct, id string) constructs.Construct {
	return compute.NewGoFunction(scope, id, &compute.GoFunctionProps{
		Package:                "./functions/hello",
		Memory:                 1024,
		Timeout:                time.Minute,
		Environment:            map[string]string{"GREETING": "hello", "STACK": *awscdk.Aws_STACK_NAME()},
		ReservedConcurrency:    20,
		ProvisionedConcurrency: 2,
		Async:                  true,
		LogRetention:           awslogs.RetentionDays_ONE_WEEK,
		Function: &awslambda.FunctionProps{
			Description:           new("says hello"),
			RetryAttempts:         new(1.0),
			MaxEventAge:           awscdk.Duration_Hours(new(1.0)),
			ApplicationLogLevelV2: awslambda.ApplicationLogLevel_WARN,
		},
	})
}

func canaryFunction(scope constructs.Construct, id string) *compute.GoFunction {
	return compute.NewGoFunction(scope, id, &compute.GoFunctionProps{
		Package: "./functions/hello",
		Deployment: &compute.Deployment{
			Shift:  compute.Canary10Percent5Minutes,
			Alarms: []awscloudwatch.IAlarm{messaging.NewDeadLetterQueue(scope, id+"Dead", nil).Alarm},
		},
	})
}

func fullDeadLetterQueue(scope constructs.Construct, id string) constructs.Construct {
	return messaging.NewDeadLetterQueue(scope, id, &messaging.DeadLetterQueueProps{
		FIFO:  true,
		Queue: &awssqs.QueueProps{RetentionPeriod: awscdk.Duration_Days(new(7.0))},
	})
}

func defaultQueueWorker(scope constructs.Construct, id string) constructs.Construct {
	return messaging.NewQueueWorker(scope, id, &messaging.QueueWorkerProps{
		Handler: newFunction(scope, id+"Handler").Function,
	})
}

func fullQueueWorker(scope constructs.Construct, id string) constructs.Construct {
	w := messaging.NewQueueWorker(scope, id, &messaging.QueueWorkerProps{
		Handler:           newFunction(scope, id+"Handler").Function,
		MaxReceives:       3,
		BatchSize:         100,
		BatchWindow:       5 * time.Second,
		MaxConcurrency:    10,
		VisibilityTimeout: 2 * time.Minute,
		OldestMessageAge:  time.Hour,
		Queue:             &awssqs.QueueProps{Encryption: awssqs.QueueEncryption_KMS},
		DeadLetterQueue:   &awssqs.QueueProps{Encryption: awssqs.QueueEncryption_KMS},
	})
	w.GrantSend(newFunction(scope, id+"Sender").Function)
	return w
}

func fifoQueueWorker(scope constructs.Construct, id string) constructs.Construct {
	return messaging.NewQueueWorker(scope, id, &messaging.QueueWorkerProps{
		Handler: newFunction(scope, id+"Handler").Function,
		FIFO:    true,
		Queue:   &awssqs.QueueProps{ContentBasedDeduplication: new(true)},
	})
}

func defaultSaga(scope constructs.Construct, id string) constructs.Construct {
	return workflow.NewSaga(scope, id, &workflow.SagaProps{
		Steps: []workflow.Step{{Name: "Only", Function: newFunction(scope, id+"Only").Function}},
	})
}

func fullSaga(scope constructs.Construct, id string) constructs.Construct {
	table := defaultTable(scope, id+"Table").(awsdynamodb.TableV2)
	action := func(name string) []workflow.Action {
		return []workflow.Action{{
			Name:        name,
			Integration: "dynamodb:putItem",
			Parameters:  map[string]any{"TableName": *table.TableName(), "Item": map[string]any{"id": map[string]any{"S.$": "$$.Execution.Name"}}},
			AlreadyDone: []string{"DynamoDB.ConditionalCheckFailedException"},
			Permission:  "dynamodb:PutItem",
			Resource:    *table.TableArn(),
		}}
	}
	return workflow.NewSaga(scope, id, &workflow.SagaProps{
		Steps: []workflow.Step{
			{
				Name:              "Book",
				Function:          newFunction(scope, id+"Book").Function,
				Compensation:      newFunction(scope, id+"Cancel").Function,
				BusinessErrors:    []string{"FullyBooked"},
				Timeout:           time.Minute,
				Retry:             workflow.Retry{MaxAttempts: 2, Interval: 5 * time.Second, MaxDelay: time.Minute},
				CompensationRetry: workflow.Retry{MaxAttempts: 20},
				Then:              action("RecordBooked"),
			},
			{Name: "Notify", Function: newFunction(scope, id+"Notify").Function},
		},
		Succeeded:          action("RecordSucceeded"),
		Compensated:        action("RecordCompensated"),
		CompensationFailed: action("RecordNotCompensated"),
	})
}

func expressSaga(scope constructs.Construct, id string) constructs.Construct {
	return workflow.NewSaga(scope, id, &workflow.SagaProps{
		Steps: []workflow.Step{{
			Name:     "Only",
			Function: newFunction(scope, id+"Only").Function,
			Retry:    workflow.Retry{MaxAttempts: 2},
		}},
		Express: true,
	})
}

func orderSteps(scope constructs.Construct, id string) []orders.Step {
	return []orders.Step{{
		Status: "PAID",
		Step: workflow.Step{
			Name:         "Charge",
			Function:     newFunction(scope, id+"Charge").Function,
			Compensation: newFunction(scope, id+"Refund").Function,
		},
	}}
}

func defaultOrderQueue(scope constructs.Construct, id string) constructs.Construct {
	return orders.NewOrderQueue(scope, id, &orders.OrderQueueProps{Steps: orderSteps(scope, id)})
}

func fullOrderQueue(scope constructs.Construct, id string) constructs.Construct {
	return orders.NewOrderQueue(scope, id, &orders.OrderQueueProps{
		Steps:          orderSteps(scope, id),
		PlaceThrottle:  orders.Throttle{RatePerSecond: 10, Burst: 20},
		ReadThrottle:   orders.Throttle{RatePerSecond: 30, Burst: 40},
		MaxConcurrency: 5,
		RemovalPolicy:  awscdk.RemovalPolicy_DESTROY,
		Table:          &awsdynamodb.TablePropsV2{DeletionProtection: new(true)},
		Queue:          &awssqs.QueueProps{RetentionPeriod: awscdk.Duration_Days(new(7.0))},
	})
}

func defaultTable(scope constructs.Construct, id string) constructs.Construct {
	return storage.NewTable(scope, id, &storage.TableProps{PartitionKey: "id"})
}

func fullTable(scope constructs.Construct, id string) constructs.Construct {
	return storage.NewTable(scope, id, &storage.TableProps{
		PartitionKey:  "id",
		SortKey:       "at",
		TimeToLive:    "expiry",
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		Table:         &awsdynamodb.TablePropsV2{DynamoStream: awsdynamodb.StreamViewType_NEW_IMAGE},
	})
}

func fullBucket(scope constructs.Construct, id string) constructs.Construct {
	return storage.NewBucket(scope, id, &storage.BucketProps{
		Versioned:     true,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		Bucket:        &awss3.BucketProps{Encryption: awss3.BucketEncryption_KMS},
	})
}

func defaultThumbnailPipeline(scope constructs.Construct, id string) constructs.Construct {
	return thumbnails.NewThumbnailPipeline(scope, id, nil)
}

func fullThumbnailPipeline(scope constructs.Construct, id string) constructs.Construct {
	p := thumbnails.NewThumbnailPipeline(scope, id, &thumbnails.ThumbnailPipelineProps{
		Sizes: []thumbnails.Size{
			{Name: "square", Width: 256, Height: 256, Cover: true},
			{Name: "wide", Width: 1920},
		},
		Format:               thumbnails.WebP,
		Quality:              75,
		Prefixes:             []string{"albums/", "profiles/"},
		Suffixes:             []string{".jpg", ".png"},
		MaxBytes:             20 << 20,
		MaxPixels:            60_000_000,
		MaxProgressivePixels: 30_000_000,
		KeepDeleted:          true,
		MaxAge:               24 * time.Hour,
		Uploads:              storage.NewBucket(scope, id+"Photos", nil),
		Delivery:             &thumbnails.Delivery{Distribution: &awscloudfront.DistributionProps{Comment: new("thumbnails")}},
		Memory:               2048,
		Timeout:              2 * time.Minute,
		MaxConcurrency:       10,
		RemovalPolicy:        awscdk.RemovalPolicy_DESTROY,
		ThumbnailsBucket:     &awss3.BucketProps{Encryption: awss3.BucketEncryption_KMS_MANAGED},
		Index:                &awsdynamodb.TablePropsV2{DeletionProtection: new(true)},
		Queue:                &awssqs.QueueProps{Encryption: awssqs.QueueEncryption_KMS},
	})
	sender := newFunction(scope, id+"Sender")
	p.GrantUpload(sender.Function)
	p.GrantRead(sender.Function)
	return p
}

func defaultStreamAnalytics(scope constructs.Construct, id string) constructs.Construct {
	return analytics.NewStreamAnalytics(scope, id, nil)
}

func fullStreamAnalytics(scope constructs.Construct, id string) constructs.Construct {
	a := analytics.NewStreamAnalytics(scope, id, &analytics.StreamAnalyticsProps{
		Shards:           4,
		Retention:        7 * 24 * time.Hour,
		Window:           5 * time.Minute,
		Lateness:         10 * time.Minute,
		BatchSize:        1000,
		BatchingWindow:   30 * time.Second,
		MaxRetryAttempts: 3,
		MaxRecordAge:     10 * time.Minute,
		KeepResults:      24 * time.Hour,
		Throttle:         analytics.Throttle{RatePerSecond: 10, Burst: 20},
		Memory:           2048,
		Timeout:          2 * time.Minute,
		Archive: &analytics.Archive{
			Prefix:         "social/posts/",
			BufferSize:     128,
			BufferInterval: 15 * time.Minute,
			Bucket:         &awss3.BucketProps{Encryption: awss3.BucketEncryption_KMS},
		},
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		Stream:        &awskinesis.StreamProps{Encryption: awskinesis.StreamEncryption_KMS},
		Results:       &awsdynamodb.TablePropsV2{DeletionProtection: new(true)},
		Mapping:       &awslambda.EventSourceMappingOptions{StartingPosition: awslambda.StartingPosition_LATEST},
	})
	a.GrantPut(newFunction(scope, id+"Publisher").Function)
	return a
}

func TestSnapshots(t *testing.T) {
	for name, build := range scenarios {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			build(stack, "It")
			text, _ := synthesize(t, stack)
			matchSnapshot(t, name, text)
		})
	}
	for name, stack := range referenceStacks(newApp(t)) {
		t.Run("stacks/"+name, func(t *testing.T) {
			text, _ := synthesize(t, stack)
			matchSnapshot(t, "stacks/"+name, text)
		})
	}
}

// referenceStacks adds the reference stacks to an app.
func referenceStacks(app awscdk.App) map[string]awscdk.Stack {
	orders := stacks.NewOrderStack(app, "Orders", nil)
	thumbnails := stacks.NewThumbnailStack(app, "Thumbnails", nil)
	trends := stacks.NewAnalyticsStack(app, "Analytics", &stacks.AnalyticsStackProps{
		Analytics: &analytics.StreamAnalyticsProps{Archive: &analytics.Archive{}},
	})
	return map[string]awscdk.Stack{
		"OrderStack":     orders.Stack,
		"ThumbnailStack": thumbnails.Stack,
		"AnalyticsStack": trends.Stack,
		"WebAppStack": stacks.NewWebAppStack(app, "WebApp", &stacks.WebAppStackProps{
			Orders: orders, Thumbnails: thumbnails, Analytics: trends,
		}).Stack,
		"HelloLambdaStack":     stacks.NewHelloLambdaStack(app, "HelloLambda", nil).Stack,
		"HelloServerlessStack": stacks.NewHelloServerlessStack(app, "HelloServerless", nil).Stack,
	}
}

// TestFirstClass uses each construct as a CDK user does with any construct.
func TestFirstClass(t *testing.T) {
	for name, build := range scenarios {
		if strings.Contains(name, "-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			first, second := build(stack, "First"), build(stack, "Second")

			awssqs.NewQueue(first, new("Child"), nil)
			awscdk.Tags_Of(first).Add(new("team"), new("checkout"), nil)
			after := awssqs.NewQueue(stack, new("After"), nil)
			after.Node().AddDependency(second)

			_, got := synthesize(t, stack)
			child := got.find(t, "AWS::SQS::Queue", "FirstChild")
			if tags, _ := child.Properties["Tags"].([]any); len(tags) != 1 {
				t.Errorf("a queue in the construct has tags %v, want the construct's", child.Properties["Tags"])
			}
			dependencies := list(got.find(t, "AWS::SQS::Queue", "After").DependsOn)
			for _, d := range dependencies {
				if id, ok := d.(string); !ok || !strings.HasPrefix(id, "Second") {
					t.Errorf("the queue that depends on the construct waits for %v", d)
				}
			}
		})
	}
}
