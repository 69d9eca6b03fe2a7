package orders

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/internal/alarm"
	"github.com/noidle/noidle/constructs/storage"
)

// The routes of the API.
const (
	placePath = "/orders"
	readPath  = "/orders/{orderId}"
)

// addAPI makes the HTTP API and the functions behind it.
func (q *OrderQueue) addAPI(props *OrderQueueProps) {
	q.addFunctions()
	q.API = awsapigatewayv2.NewHttpApi(q, new("Api"), &awsapigatewayv2.HttpApiProps{
		CreateDefaultStage: new(false),
	})
	routes := []*[]awsapigatewayv2.HttpRoute{
		q.addRoute(awsapigatewayv2.HttpMethod_POST, placePath, q.Accept),
		q.addRoute(awsapigatewayv2.HttpMethod_GET, readPath, q.Read),
	}
	place, read := props.PlaceThrottle.complete(500, 1000), props.ReadThrottle.complete(1000, 2000)
	q.Stage = awsapigatewayv2.NewHttpStage(q, new("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi:                q.API,
		StageName:              new("$default"),
		AutoDeploy:             new(true),
		DetailedMetricsEnabled: new(true),
		// The limits of routes that are added without limits of their own.
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit:  new(float64(read.RatePerSecond)),
			BurstLimit: new(float64(read.Burst)),
		},
	})
	// Settings of a route are refused while the route is not there yet.
	for _, added := range routes {
		for _, route := range *added {
			q.Stage.Node().AddDependency(route)
		}
	}
	q.configureStage(map[string]any{
		"POST " + placePath: routeSettings(place),
		"GET " + readPath:   routeSettings(read),
	})
	q.ServerErrorAlarm = alarm.AtLeast(q, "ServerErrorAlarm", q.API.MetricServerError(alarm.Sum()), 1,
		"The orders API answered a request with a 5xx status. Look into the access log and the logs of the function behind the route.")
}

// addFunctions makes the functions behind the API, each with just the rights
// that it needs.
func (q *OrderQueue) addFunctions() {
	q.Accept = compute.NewGoFunction(q, "Accept", &compute.GoFunctionProps{
		Package: functions + "accept",
		Environment: map[string]string{
			"ORDERS_TABLE":      *q.Table.TableName(),
			"IDEMPOTENCY_TABLE": *q.Idempotency.TableName(),
			"QUEUE_URL":         *q.Worker.Queue.QueueUrl(),
		},
	})
	q.Worker.GrantSend(q.Accept.Function)
	storage.Grant(q.Table, q.Accept.Function, "dynamodb:PutItem")
	storage.Grant(q.Idempotency, q.Accept.Function, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")

	q.Read = compute.NewGoFunction(q, "Read", &compute.GoFunctionProps{
		Package:     functions + "read",
		Environment: map[string]string{"ORDERS_TABLE": *q.Table.TableName()},
	})
	storage.Grant(q.Table, q.Read.Function, "dynamodb:GetItem")
}

func (q *OrderQueue) addRoute(method awsapigatewayv2.HttpMethod, path string, f *compute.GoFunction) *[]awsapigatewayv2.HttpRoute {
	return q.API.AddRoutes(&awsapigatewayv2.AddRoutesOptions{
		Path:        &path,
		Methods:     &[]awsapigatewayv2.HttpMethod{method},
		Integration: awsapigatewayv2integrations.NewHttpLambdaIntegration(f.Node().Id(), f.Invocable(), nil),
	})
}

// accessLogFormat is one request's line in the access log
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html).
var accessLogFormat = map[string]string{
	"requestId":        "$context.requestId",
	"time":             "$context.requestTime",
	"ip":               "$context.identity.sourceIp",
	"method":           "$context.httpMethod",
	"route":            "$context.routeKey",
	"path":             "$context.path",
	"status":           "$context.status",
	"responseLength":   "$context.responseLength",
	"responseLatency":  "$context.responseLatency",
	"integrationError": "$context.integrationErrorMessage",
}

// configureStage sets what the CDK's stage has no props for: the access log,
// and limits for each route.
func (q *OrderQueue) configureStage(routes map[string]any) {
	q.AccessLog = awslogs.NewLogGroup(q, new("AccessLog"), &awslogs.LogGroupProps{
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	format, err := json.Marshal(accessLogFormat)
	if err != nil {
		panic(err)
	}
	stage := q.Stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	stage.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: q.AccessLog.LogGroupArn(),
		Format:         new(string(format)),
	})
	stage.SetRouteSettings(routes)
}

func routeSettings(t Throttle) map[string]any {
	return map[string]any{
		"ThrottlingRateLimit":    t.RatePerSecond,
		"ThrottlingBurstLimit":   t.Burst,
		"DetailedMetricsEnabled": true,
	}
}
