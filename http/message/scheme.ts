/** RFC 9110 section 4.2: what a request came by. The port that takes it knows. */
export type Scheme = "http" | "https";
