import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One definition of a tenant, as its contract schema has it. */
abstract class DefinitionEntity {
  @PrimaryColumn({ type: 'text' })
  tenant!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'jsonb' })
  definition!: object;

  /** The bundle version that first carried it so. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}

@Entity({ name: 'agents' })
export class AgentEntity extends DefinitionEntity {}

@Entity({ name: 'tools' })
export class ToolEntity extends DefinitionEntity {}

@Entity({ name: 'rules' })
export class RuleEntity extends DefinitionEntity {}

@Entity({ name: 'models' })
export class ModelEntity extends DefinitionEntity {}

@Entity({ name: 'keys' })
export class KeyEntity extends DefinitionEntity {}

@Entity({ name: 'halts' })
export class HaltEntity extends DefinitionEntity {}

@Entity({ name: 'policies' })
export class CedarPolicyEntity extends DefinitionEntity {}

@Entity({ name: 'tests' })
export class TestEntity extends DefinitionEntity {}

@Entity({ name: 'redactions' })
export class RedactionEntity extends DefinitionEntity {}

@Entity({ name: 'patterns' })
export class PatternEntity extends DefinitionEntity {}

@Entity({ name: 'waivers' })
export class WaiverEntity extends DefinitionEntity {}

@Entity({ name: 'quotas' })
export class QuotaEntity extends DefinitionEntity {}

@Entity({ name: 'delegations' })
export class DelegationEntity extends DefinitionEntity {}

@Entity({ name: 'residencies' })
export class ResidencyEntity extends DefinitionEntity {}
