/** Longest wait of one timer, signal or approval, ms: 30 days. */
export const WAIT_MS_MAX = 2_592_000_000;
/** Characters of the JSON text that a signal carries. */
export const SIGNAL_CHARS_MAX = 16_384;
