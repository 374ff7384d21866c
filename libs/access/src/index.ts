import 'reflect-metadata';

export { Access, Caller, Public } from './access.decorator.js';
export { type AccessConfig, accessConfig } from './access-config.js';
export { AccessModule } from './access.module.js';
export { BusPrincipalsAdapter } from './bus-principals.adapter.js';
export { type AccessReply, type AccessRequest, type Call, currentCall, inCall } from './call.js';
export { ADMIN_KEY_PREFIX } from './callers.js';
export { PrincipalsPort } from './principals.port.js';
export { mayEverywhere, mayGive, mayIn, maySomewhere, tenantsOf } from './roles.js';
export { type Route, RouteTable, routesOf } from './route-table.js';
export { userIdOf } from './user-id.js';
