package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "idle-capacity",
		Title:    "Nothing is paid for that waits idle.",
		Page:     "https://docs.aws.amazon.com/wellarchitected/latest/serverless-applications-lens/cost-optimization.html",
		Severity: Info,
		Fix:      "Use what is paid by use, such as on-demand tables, or accept the cost of what is needed.",
		Types:    idleTypes,
		check:    checkIdleCapacity,
	})
}

var idleTypes = []string{
	"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Kinesis::Stream", "AWS::Lambda::Alias", "AWS::Lambda::Version",
	"AWS::EC2::NatGateway", "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"AWS::RDS::DBInstance", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup", "AWS::OpenSearchService::Domain",
	"AWS::ECS::Service", "AWS::EKS::Cluster", "AWS::MSK::Cluster", "AWS::Redshift::Cluster",
}

// mayPause reports whether a database instance may be one of Aurora Serverless that
// stops while nothing uses it:
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
func mayPause(instance *template.Resource) bool {
	if instance.Get("DBInstanceClass").Not("db.serverless") {
		return false
	}
	cluster := instance.Get("DBClusterIdentifier").Resource()
	return cluster == nil || !cluster.Get("ServerlessV2ScalingConfiguration", "MinCapacity").Not("0")
}

// checkIdleCapacity leaves out streams on demand, which have no capacity that waits,
// though each costs something by the hour.
func checkIdleCapacity(r *template.Resource, report reporter) {
	switch r.Type {
	case "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable":
		if r.Get("BillingMode").Not("PAY_PER_REQUEST") {
			report("BillingMode", "the table is provisioned: its capacity is paid for while nothing uses it")
		}
	case "AWS::Kinesis::Stream":
		if mode := r.Get("StreamModeDetails", "StreamMode"); mode.Not("ON_DEMAND") {
			report("StreamModeDetails", "each shard is paid for by the hour")
		}
	case "AWS::Lambda::Alias", "AWS::Lambda::Version":
		if !r.Get("ProvisionedConcurrencyConfig").Missing() {
			report("ProvisionedConcurrencyConfig", "environments are paid for while nothing invokes them")
		}
	case "AWS::RDS::DBInstance":
		if !mayPause(r) {
			report("DBInstanceClass", "it is paid for by the hour, used or not")
		}
	default:
		report("Type", "it is paid for by the hour, used or not")
	}
}
