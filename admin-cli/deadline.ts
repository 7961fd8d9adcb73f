// The deadline of one small call. Far edges answer in about 300 ms; an edge that needs 2 s is of no use.
export const CALL_MS = 2000;
