/** What a target says in a parameter that must be there once. */
export type TokenParameter =
  | { readonly kind: "one"; readonly value: string; readonly target: string }
  | { readonly kind: "none" }
  /** There are several, or it is written in another way: programs may read it differently. */
  | { readonly kind: "unclear" };

/** Takes a parameter out of a target. What is left stays as it was written. */
export function takenParameter(target: string, name: string): TokenParameter {
  const at = target.indexOf("?");
  if (at === -1) return { kind: "none" };
  const pieces = target.slice(at + 1).split("&");
  const named = pieces.filter((piece) => namesOf(piece).includes(name));
  const [piece] = named;
  if (piece === undefined) return { kind: "none" };
  if (named.length > 1 || !piece.startsWith(`${name}=`)) return { kind: "unclear" };
  const left = pieces.filter((each) => each !== piece);
  const path = target.slice(0, at);
  const value = piece.slice(name.length + 1);
  return { kind: "one", value, target: left.length === 0 ? path : `${path}?${left.join("&")}` };
}

/** Some programs take ";" for "&". */
function namesOf(piece: string): readonly string[] {
  return piece.split(";").flatMap((part) => [...new URLSearchParams(`&${part}`).keys()]);
}
