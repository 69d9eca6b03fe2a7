package local_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/local/iam"
)

// What the role of a Firehose stream is granted
// (https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3).
const (
	mayReadPosts = `{"Effect": "Allow", "Action": ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"],
		"Resource": {"Fn::GetAtt": ["Stream", "Arn"]}}`
	mayArchive = `{"Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket",
		"s3:ListBucketMultipartUploads", "s3:PutObject"], "Resource": [{"Fn::GetAtt": ["Archive", "Arn"]}, {"Fn::Join": ["", [{"Fn::GetAtt": ["Archive", "Arn"]}, "/*"]]}]}`
)

// firehose is a Firehose stream from the stream posts to the bucket archive, with its
// role. Destination and properties are further properties.
func firehose(destination, properties string, statements ...string) string {
	return fmt.Sprintf(`
		"HoseRole": {"Type": "AWS::IAM::Role", "Metadata": {"aws:cdk:path": "Main/HoseRole/Resource"}, "Properties": {
			"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "firehose.amazonaws.com"}}},
			"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [%s]}}]
		}},
		"Hose": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {"DeliveryStreamName": "raw", "DeliveryStreamType": "KinesisStreamAsSource",
			"KinesisStreamSourceConfiguration": {"KinesisStreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}, "RoleARN": {"Fn::GetAtt": ["HoseRole", "Arn"]}},
			"ExtendedS3DestinationConfiguration": {"BucketARN": {"Fn::GetAtt": ["Archive", "Arn"]}, "RoleARN": {"Fn::GetAtt": ["HoseRole", "Arn"]}%s}%s}}`,
		strings.Join(statements, ","), destination, properties)
}

func putPosts(t *testing.T, c *local.Cloud, texts ...string) {
	t.Helper()
	streams := kinesis.New(kinesis.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody})
	for _, text := range texts {
		if _, err := streams.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: new("posts"), Data: []byte(text), PartitionKey: &text}); err != nil {
			t.Fatal(err)
		}
	}
}

// archived returns the keys in the bucket archive.
func archived(t *testing.T, c *local.Cloud) (keys []string) {
	t.Helper()
	out, err := objects(c, "x", "x", "").ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: new("archive")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

func getArchived(t *testing.T, c *local.Cloud, key string) (*s3.GetObjectOutput, string) {
	t.Helper()
	out, err := objects(c, "x", "x", "").GetObject(t.Context(), &s3.GetObjectInput{Bucket: new("archive"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out, string(text)
}

// TestFirehose: what is put to the stream is in the bucket after the buffering
// interval, compressed, with a line for each record
// (https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html).
func TestFirehose(t *testing.T) {
	clock := clockwork.NewFakeClockAt(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	c := cloud(t, local.Options{Clock: clock}, stream(`, "ShardCount": 1`), bucket("Archive", ""),
		`"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "hose"}}`,
		`"LogStream": {"Type": "AWS::Logs::LogStream", "Properties": {"LogGroupName": {"Ref": "Log"}}}`,
		firehose(`, "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1}, "CompressionFormat": "GZIP",
			"CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": {"Ref": "Log"}, "LogStreamName": {"Ref": "LogStream"}},
			"Prefix": "raw/day=!{timestamp:yyyy-MM-dd}/", "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
			"EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
			"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]}]}`,
			"", mayReadPosts, mayArchive))
	putPosts(t, c, `{"id":1}`, `{"id":2}`)
	var keys []string
	for len(keys) == 0 {
		clock.Advance(time.Second)
		keys = archived(t, c)
	}
	if waited := clock.Since(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)); waited < time.Minute {
		t.Errorf("the object is there after %s, want a minute", waited)
	}
	if want := regexp.MustCompile(`^raw/day=2026-01-02/raw-1-2026-01-02-03-04-05-[-0-9a-f]{36}\.gz$`); len(keys) != 1 || !want.MatchString(keys[0]) {
		t.Fatalf("keys are %q, want one as %s", keys, want)
	}
	out, text := getArchived(t, c, keys[0])
	if want := "{\"id\":1}\n{\"id\":2}\n"; text != want {
		t.Errorf("object is %q, want %q", text, want)
	}
	if *out.ContentEncoding != "gzip" || *out.ContentType != "application/octet-stream" {
		t.Errorf("content is %s, %s", *out.ContentEncoding, *out.ContentType)
	}
	used := roleReport(t, c, "Main/HoseRole").Used
	if !slices.ContainsFunc(used, func(u iam.Count) bool {
		return u.Action == "s3:PutObject" && u.Resource == "arn:aws:s3:::archive/"+keys[0]
	}) {
		t.Errorf("the role used %v", used)
	}
}

func roleReport(t *testing.T, c *local.Cloud, name string) iam.RoleReport {
	t.Helper()
	roles := c.Report().Roles
	i := slices.IndexFunc(roles, func(r iam.RoleReport) bool { return r.Role == name })
	if i < 0 {
		t.Fatalf("no role %s in %v", name, roles)
	}
	return roles[i]
}

// TestFirehosePermission: a role that may not put objects delivers nothing, and that
// is told (https://docs.aws.amazon.com/firehose/latest/dev/retry.html#dd-retry-s3).
func TestFirehosePermission(t *testing.T) {
	clock := clockwork.NewFakeClock()
	begin, reports := clock.Now(), make(chan string, 1)
	c := cloud(t, local.Options{Clock: clock, Report: func(message string) {
		select {
		case reports <- message:
		default:
		}
	}}, stream(""), bucket("Archive", ""), firehose("", "", mayReadPosts))
	putPosts(t, c, "post")
	var message string
	for message == "" {
		clock.Advance(time.Second)
		select {
		case message = <-reports:
		default:
			archived(t, c) // gives others a turn
		}
	}
	// https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html
	if waited := clock.Since(begin); waited < 300*time.Second {
		t.Errorf("the first attempt is after %s, want the default of 300 seconds", waited)
	}
	for _, want := range []string{"arn:aws:firehose:us-east-1:000000000000:deliverystream/raw: delivering to archive: AccessDenied: ",
		"/Main-HoseRole/raw is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::archive/"} {
		if !strings.Contains(message, want) {
			t.Errorf("report is %q, want %q in it", message, want)
		}
	}
	if keys := archived(t, c); len(keys) != 0 {
		t.Errorf("objects %q", keys)
	}
	if denied := roleReport(t, c, "Main/HoseRole").Denied; len(denied) != 1 || denied[0].Action != "s3:PutObject" {
		t.Errorf("the role was denied %v", denied)
	}
}

// TestFirehoseFaults: every record is delivered once, whatever fails.
func TestFirehoseFaults(t *testing.T) {
	clock := clockwork.NewFakeClock()
	c := cloud(t, local.Options{Clock: clock, Chaos: 0.5}, stream(`, "ShardCount": 1`), bucket("Archive", ""),
		firehose(`, "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1}, "CompressionFormat": "GZIP",
			"ProcessingConfiguration": {"Enabled": false, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": []}]}`, "", mayReadPosts, mayArchive))
	var sent []string
	for i := range 20 {
		sent = append(sent, fmt.Sprintf("%02d", i))
		putPosts(t, c, sent[i])
		for text := ""; !strings.Contains(text, sent[i]); {
			clock.Advance(time.Second)
			text = ""
			for _, key := range archived(t, c) {
				_, body := getArchived(t, c, key)
				text += body
			}
		}
	}
	var got []string
	for _, key := range archived(t, c) {
		_, body := getArchived(t, c, key)
		got = append(got, body)
	}
	slices.Sort(got)
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("objects (-sent +got):\n%s", diff)
	}
	if len(c.Report().Faults) < 4 {
		t.Errorf("faults are %v, want all kinds of calls", c.Report().Faults)
	}
}

// TestFirehoseRefusals: what a Firehose stream cannot be is told before anything
// starts, or when it is created.
func TestFirehoseRefusals(t *testing.T) {
	tests := []struct{ name, hose, want string }{
		{"direct put", strings.Replace(firehose("", ""), "KinesisStreamAsSource", "DirectPut", 1), `property DeliveryStreamType: "DirectPut" is not supported locally: want KinesisStreamAsSource`},
		{"destination", firehose("", `, "RedshiftDestinationConfiguration": {}`), "property RedshiftDestinationConfiguration is not supported"},
		{"backup", firehose(`, "S3BackupMode": "Enabled"`, ""), "property ExtendedS3DestinationConfiguration.S3BackupMode is not supported"},
		{"time zone", firehose(`, "CustomTimeZone": "Asia/Tokyo"`, ""), "CustomTimeZone is not supported"},
		{"compression", firehose(`, "CompressionFormat": "Snappy"`, ""), `property CompressionFormat: "Snappy" is not supported locally: want GZIP or UNCOMPRESSED`},
		{"one hint", firehose(`, "BufferingHints": {"SizeInMBs": 5}`, ""), "want both or none of IntervalInSeconds and SizeInMBs"},
		{"hint", firehose(`, "BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 60}`, ""), "SizeInMBs 129: want 1 to 128"},
		{"processor", firehose(`, "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda"}]}`, ""), `processor "Lambda" is not supported locally`},
		{"delimiter", firehose(`, "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": ";"}]}]}`, ""), `processor parameter Delimiter ";" is not supported`},
		{"prefix", firehose(`, "Prefix": "!{timestamp:YYYY}"`, ""), "expression !{timestamp:YYYY} is not supported locally"},
		{"bucket", strings.Replace(firehose("", ""), `"BucketARN": {"Fn::GetAtt": ["Archive", "Arn"]}`, `"BucketARN": "arn:aws:s3:::other"`, 1), `bucket "arn:aws:s3:::other" is not in this assembly`},
		{"trust", strings.Replace(firehose("", ""), "firehose.amazonaws.com", "lambda.amazonaws.com", 1), "cannot be assumed by firehose.amazonaws.com"},
		{"no permission", firehose("", "", mayArchive), "is not authorized to perform: kinesis:DescribeStream on resource: arn:aws:kinesis:us-east-1:000000000000:stream/posts"},
		{"no stream", strings.Replace(firehose("", "", strings.Replace(mayReadPosts, `{"Fn::GetAtt": ["Stream", "Arn"]}`, `"*"`, 1)),
			`{"Fn::GetAtt": ["Stream", "Arn"]}`, `"arn:aws:kinesis:us-east-1:000000000000:stream/other"`, 1), "Stream other under account"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := local.Start(write(t, strings.Join([]string{stream(""), bucket("Archive", ""), tt.hose}, ","), ""), local.Options{})
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}
