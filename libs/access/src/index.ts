import 'reflect-metadata';

export { Access, Caller, Public } from './access.decorator.js';
export { AccessModule } from './access.module.js';
export { type AccessReply, type AccessRequest, type Call, currentCall, inCall } from './call.js';
export { mayEverywhere, mayGive, mayIn, maySomewhere, tenantsOf } from './roles.js';
export { type Route, RouteTable, routesOf } from './route-table.js';
