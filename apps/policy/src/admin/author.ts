/** What the guard of the admin API leaves on a request about who asks. */
interface Caller {
  principal?: { name?: string };
}

/** Who asks, by name: stands in drafts, approvals and the history of bundles. */
export function authorOf(request: unknown): string {
  return (request as Caller).principal?.name ?? 'admin';
}
