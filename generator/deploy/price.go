package deploy

// Requests counts the requests that were sent to AWS, with all their attempts, by what they cost.
type Requests struct {
	Reads   int64 `json:"reads"`   // GET and HEAD of objects
	Writes  int64 `json:"writes"`  // PUT, POST and LIST of objects
	Deletes int64 `json:"deletes"` // of objects
	Store   int64 `json:"store"`   // to the key-value store
}

// prices are the list prices in USD of one request, in the region us-east-1 and without free tiers. Other regions cost
// up to twice as much for S3; the key-value store costs the same everywhere. Those of S3 agree with
// https://c3x.dev/blog/s3-request-fees-explained, read in November 2026: $0.005 and $0.0004 for 1,000 requests. That of
// the key-value store has not been verified: neither Amazon's own page nor another source was found.
var prices = struct {
	asOf                          string
	read, write, delete, keyValue float64
}{
	asOf:     "2025",
	read:     0.0004 / 1000, // Amazon S3 pricing, "GET, SELECT, and all other requests"
	write:    0.005 / 1000,  // "PUT, COPY, POST, LIST requests"
	delete:   0,             // "DELETE and CANCEL requests are free"
	keyValue: 1.0 / 1000,    // Amazon CloudFront pricing, "KeyValueStore", requests to its API
}

// PricesAsOf returns the year of the price list that Requests.Cost uses.
func PricesAsOf() string { return prices.asOf }

// Total returns the number of all requests.
func (r Requests) Total() int64 { return r.Reads + r.Writes + r.Deletes + r.Store }

// Cost returns what the requests cost in USD.
func (r Requests) Cost() float64 {
	return float64(r.Reads)*prices.read + float64(r.Writes)*prices.write + float64(r.Deletes)*prices.delete +
		float64(r.Store)*prices.keyValue
}

// add adds n times the requests of o.
func (r *Requests) add(o Requests, n int64) {
	r.Reads += n * o.Reads
	r.Writes += n * o.Writes
	r.Deletes += n * o.Deletes
	r.Store += n * o.Store
}
