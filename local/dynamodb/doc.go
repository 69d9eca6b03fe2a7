// Package dynamodb is the Amazon DynamoDB of the local cloud: tables in memory
// that SDK clients read and write as they do in AWS, with the same expressions,
// limits and errors.
//
// What differs from AWS, where an answer depends on luck there:
//
//   - Every read sees all writes that were answered before it, also an
//     eventually consistent one and one of a global secondary index.
//   - A write locks its table and a transaction locks all of its tables, so that
//     transactions run one after the other. TransactionConflict does not happen.
//   - There is no throttling.
//   - Items that have expired are deleted once an hour of the clock.
//
// Not supported are keys of global secondary indexes with several attributes for
// one part of the key, PartiQL and streams.
// The parameters that expressions have replaced (AttributesToGet, Expected,
// KeyConditions and so on) are refused.
package dynamodb
