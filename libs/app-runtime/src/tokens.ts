/** Tokens of the providers that every app has. */
export const CONFIG = Symbol('CONFIG');
export const LOGGER = Symbol('LOGGER');
export const CORE_BUS = Symbol('CORE_BUS');
export const GATE_BUS = Symbol('GATE_BUS');
/** The key files of this service. */
export const KEYS = Symbol('KEYS');
