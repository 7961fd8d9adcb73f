/** A target, or a text that ends with one, as logs show it. Its query may hold a secret of a client. */
export function shownTarget(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : `${target.slice(0, query)}?…`;
}
