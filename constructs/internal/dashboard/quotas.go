package dashboard

import (
	"cmp"
	"fmt"
)

// What AWS allows by default, in a region.
const (
	// functionConcurrency is of all functions together
	// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
	functionConcurrency = 1000
	// apiRequests are a second's, of all APIs together
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
	apiRequests = 10_000
	// tableUnits are a second's of reads and as many of writes, of a table that is
	// paid by request
	// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
	tableUnits = 40_000
	// messagesInFlight are a queue's
	// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
	messagesInFlight = 120_000
	// shardRecords and shardBytes are a second's
	// (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
	shardRecords = 1000
	shardBytes   = 1 << 20
	// functionTimeout and functionMemory are those of a function without settings,
	// in seconds and MB
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html).
	functionTimeout = 3
	functionMemory  = 128
)

// Quotas tells in Markdown what the graphs of quotas compare with.
const Quotas = "Graphs of quotas compare with a function's reserved concurrency or the " +
	"[account's default of 1,000](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), " +
	"[10,000 API requests a second](https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html), " +
	"[40,000 units a second of a table that is paid by request](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html), " +
	"[120,000 messages in flight](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html) and " +
	"[1 MB and 1,000 records a second of a shard](https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html)."

// percentPerSecond is the formula of a sum's share of a quota for each second.
func percentPerSecond(quota float64) func(Resource) string {
	return func(Resource) string { return fmt.Sprintf("100*%%[1]s/PERIOD(%%[1]s)/%.0f", quota) }
}

func percentOfMessages(Resource) string { return fmt.Sprintf("100*%%[1]s/%d", messagesInFlight) }

func percentOfConcurrency(r Resource) string {
	return fmt.Sprintf("100*%%[1]s/%v", cmp.Or(r.ReservedConcurrency, functionConcurrency))
}

func percentOfShards(perShard float64) func(Resource) string {
	return func(r Resource) string { return percentPerSecond(perShard * r.Shards)(r) }
}

// paidByRequest leaves out a table with units of its own.
func paidByRequest(r Resource) bool { return !r.Provisioned }

// hasShards leaves out a stream on demand, which grows.
func hasShards(r Resource) bool { return r.Shards > 0 }

// gigabyteSeconds is the formula of what is paid for the time of a function
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
func gigabyteSeconds(r Resource) string {
	return fmt.Sprintf("%%[1]s/1000*%v/1024", cmp.Or(r.MemoryMB, functionMemory))
}
