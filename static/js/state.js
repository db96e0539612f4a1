/**
 * The page's state in one place: views subscribe to the keys that they show.
 * @template {object} State
 */
export class Store {
  /** @type {{ keys: (keyof State)[], listener: (state: State) => void }[]} */
  #subscriptions = [];

  /** @param {State} state */
  constructor(state) {
    this.state = state;
  }

  /**
   * Calls the listener after each update that changes one of the keys, once an update, in the order of subscription.
   * @param {(keyof State)[]} keys
   * @param {(state: State) => void} listener
   */
  subscribe(keys, listener) {
    this.#subscriptions.push({ keys, listener });
  }

  /** @param {Partial<State>} changes */
  update(changes) {
    const before = this.state;
    this.state = { ...before, ...changes };
    const isChanged = (/** @type {keyof State} */ key) => !Object.is(this.state[key], before[key]);
    for (const { keys, listener } of this.#subscriptions) if (keys.some(isChanged)) listener(this.state);
  }
}
