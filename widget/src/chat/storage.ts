/** What the browser keeps: nothing until it is allowed, and only what a reload needs. */

const PREFIX = "preceptor:";

/** A host page may forbid storage altogether; then this page alone remembers. */
export class Storage {
  private memory = new Map<string, string>();
  private readonly prefix: string;

  /** `scope` keeps two advisors on one page apart. */
  constructor(
    scope: string,
    private allowed = false,
  ) {
    this.prefix = `${PREFIX}${scope}:`;
  }

  /** Write down what was held back. */
  allow(): void {
    if (this.allowed) return;
    this.allowed = true;
    for (const [key, value] of this.memory) this.write(key, value);
  }

  /** Take everything back from the browser's storage; this page still knows. */
  forbid(): void {
    this.allowed = false;
    for (const key of this.keys()) {
      const value = this.get(key);
      if (value !== null) this.memory.set(key, value);
      this.attempt(() => localStorage.removeItem(this.prefix + key));
    }
  }

  get(key: string): string | null {
    const kept = this.attempt(() => localStorage.getItem(this.prefix + key)) ?? null;
    return kept ?? this.memory.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.memory.set(key, value);
    if (this.allowed) this.write(key, value);
  }

  remove(key: string): void {
    this.memory.delete(key);
    this.attempt(() => localStorage.removeItem(this.prefix + key));
  }

  keys(start = ""): string[] {
    const found = new Set(this.memory.keys());
    this.attempt(() => {
      for (let i = 0; i < localStorage.length; i++) {
        const key = localStorage.key(i);
        if (key?.startsWith(this.prefix)) found.add(key.slice(this.prefix.length));
      }
    });
    return [...found].filter((key) => key.startsWith(start)).sort();
  }

  /** Call a function with the key that another tab has changed. */
  watch(changed: (key: string) => void): () => void {
    const listener = (event: StorageEvent): void => {
      if (event.key?.startsWith(this.prefix)) changed(event.key.slice(this.prefix.length));
    };
    addEventListener("storage", listener);
    return () => removeEventListener("storage", listener);
  }

  private write(key: string, value: string): void {
    this.attempt(() => localStorage.setItem(this.prefix + key, value));
  }

  private attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      // Full, or blocked by the browser's settings: the memory of this page has to do.
      if (error instanceof DOMException) return undefined;
      throw error;
    }
  }
}
