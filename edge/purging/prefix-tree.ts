// A node, with its map and its place in its parent's, beside its label. Measured on a heap of 100,000 of them.
const NODE_BYTES = 240;

interface Node<Value> {
  /** The rest of the text, after the text of the parent node. */
  label: string;
  /** Of the prefix that ends here; undefined when none does. */
  value: Value | undefined;
  /** By the first character of their labels. */
  readonly next: Map<string, Node<Value>>;
}

/**
 * Prefixes with a value each. A lookup takes as many steps as the text has prefixes and branches among them, at most its
 * length, however many prefixes there are.
 */
export class PrefixTree<Value> {
  readonly #root: Node<Value> = { label: "", value: undefined, next: new Map() };
  #bytes = 0;

  /** Approximate size in memory, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  set(prefix: string, value: Value): void {
    let node = this.#root;
    let rest = prefix;
    while (rest !== "") {
      const next = node.next.get(rest.charAt(0));
      if (next === undefined) {
        this.#add(node, rest, value);
        return;
      }
      const common = commonLength(next.label, rest);
      node = common === next.label.length ? next : this.#split(node, next, common);
      rest = rest.slice(common);
    }
    node.value = value;
  }

  /** The values of all prefixes of a text, the shortest first. */
  *of(text: string): Generator<Value> {
    let node: Node<Value> | undefined = this.#root;
    for (let at = 0; node !== undefined; ) {
      if (node.value !== undefined) yield node.value;
      const next: Node<Value> | undefined = node.next.get(text.charAt(at));
      if (next === undefined || !text.startsWith(next.label, at)) return;
      at += next.label.length;
      node = next;
    }
  }

  #add(parent: Node<Value>, label: string, value: Value | undefined): Node<Value> {
    const node = { label, value, next: new Map<string, Node<Value>>() };
    parent.next.set(label.charAt(0), node);
    this.#bytes += NODE_BYTES + label.length;
    return node;
  }

  /** Puts a node for the first `length` characters between a parent and its child. */
  #split(parent: Node<Value>, child: Node<Value>, length: number): Node<Value> {
    const between = this.#add(parent, child.label.slice(0, length), undefined);
    child.label = child.label.slice(length);
    between.next.set(child.label.charAt(0), child);
    return between;
  }
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}
