import { Controller, Get } from '@nestjs/common';
import { Public } from '@signalbox/access';
import { policyOpenApi } from './policy-openapi.js';

/** The description of this API; it holds nothing secret and asks for no token. */
@Controller('admin/v1')
export class OpenApiController {
  readonly #document = policyOpenApi();

  @Public()
  @Get('openapi.json')
  document(): unknown {
    return this.#document;
  }
}
