import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { sarif } from '../../../../src/app/cli/views/sarif.ts';
import { diagnose } from '../../../../src/base/diagnostics/diagnostic.ts';
import { makeSource } from '../../../../src/base/text/source.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';

const text = (of: object = {}) => ({
  type: 'object',
  required: ['text'],
  properties: { text: { type: 'string', minLength: 1 }, ...of },
});
const positive = { type: 'integer', minimum: 1 };
const region = {
  type: 'object',
  required: ['startLine', 'startColumn', 'endLine', 'endColumn'],
  properties: { startLine: positive, startColumn: positive, endLine: positive, endColumn: positive },
  additionalProperties: false,
};
const artifactLocation = {
  type: 'object',
  required: ['uri'],
  properties: { uri: { type: 'string', pattern: '^[^\\\\ ]+$' } },
  additionalProperties: false,
};
const physicalLocation = {
  type: 'object',
  required: ['artifactLocation', 'region'],
  properties: { artifactLocation, region },
  additionalProperties: false,
};
const level = { enum: ['none', 'note', 'warning', 'error'] };

/** What the OASIS standard asks of the parts that are written (SARIF 2.1.0, sections 3.13 to 3.57). */
const schema = {
  type: 'object',
  required: ['version', 'runs', '$schema'],
  properties: {
    $schema: { type: 'string' },
    version: { const: '2.1.0' },
    runs: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['tool', 'results', 'columnKind'],
        properties: {
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          tool: {
            type: 'object',
            required: ['driver'],
            properties: {
              driver: {
                type: 'object',
                required: ['name'],
                properties: {
                  name: { type: 'string' },
                  semanticVersion: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+' },
                  rules: {
                    type: 'array',
                    uniqueItems: true,
                    items: {
                      type: 'object',
                      required: ['id'],
                      properties: {
                        id: { type: 'string' },
                        shortDescription: text(),
                        fullDescription: text(),
                        defaultConfiguration: { type: 'object', properties: { level } },
                      },
                      additionalProperties: false,
                    },
                  },
                },
                additionalProperties: false,
              },
            },
            additionalProperties: false,
          },
          results: {
            type: 'array',
            items: {
              type: 'object',
              required: ['message', 'ruleId', 'ruleIndex', 'level', 'locations'],
              properties: {
                ruleId: { type: 'string' },
                ruleIndex: { type: 'integer', minimum: 0 },
                level,
                message: text(),
                locations: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['physicalLocation'],
                    properties: { physicalLocation },
                    additionalProperties: false,
                  },
                },
                relatedLocations: {
                  type: 'array',
                  uniqueItems: true,
                  items: {
                    type: 'object',
                    required: ['physicalLocation'],
                    properties: { id: { type: 'integer', minimum: 0 }, message: text(), physicalLocation },
                    additionalProperties: false,
                  },
                },
                fixes: {
                  type: 'array',
                  uniqueItems: true,
                  items: {
                    type: 'object',
                    required: ['artifactChanges'],
                    properties: {
                      artifactChanges: {
                        type: 'array',
                        minItems: 1,
                        items: {
                          type: 'object',
                          required: ['artifactLocation', 'replacements'],
                          properties: {
                            artifactLocation,
                            replacements: {
                              type: 'array',
                              minItems: 1,
                              items: {
                                type: 'object',
                                required: ['deletedRegion'],
                                properties: {
                                  deletedRegion: region,
                                  insertedContent: {
                                    type: 'object',
                                    required: ['text'],
                                    properties: { text: { type: 'string' } },
                                  },
                                },
                                additionalProperties: false,
                              },
                            },
                          },
                          additionalProperties: false,
                        },
                      },
                    },
                    additionalProperties: false,
                  },
                },
              },
              additionalProperties: false,
            },
          },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
};

const validate = new Ajv2020({ allErrors: true }).compile(schema);
const written = (...diagnostics: Parameters<typeof sarif>[0]) =>
  JSON.parse(JSON.stringify(sarif(diagnostics, '1.2.3')));
const valid = (log: unknown) => {
  validate(log);
  expect(validate.errors).toBeNull();
};

describe('SARIF', () => {
  const source = makeSource('my models/a.tower', 'features {\n  a : id(dmi: 3)\n  a : id(dim: 3)\n}\n');
  const log = written(...checkSource(source).diagnostics);
  const [run] = log.runs;

  it('of mistakes fits the standard', () => {
    valid(log);
    expect(run.results.map((one: { ruleId: string }) => one.ruleId)).toEqual(['unknown-argument', 'repeated-name']);
  });
  it('of none is a run without results', () => {
    valid(written());
    expect(written().runs[0].results).toEqual([]);
  });
  it('of a mistake in no file has no location', () => {
    const folder = written(diagnose('folder-not-empty', undefined, { folder: 'out' }));
    valid(folder);
    expect(folder.runs[0].results[0].locations).toEqual([]);
  });
  it('gives lines and columns from 1, the end past the last character, and an address', () => {
    expect(run.results[0].locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: 'my%20models/a.tower' },
          region: { startLine: 2, startColumn: 10, endLine: 2, endColumn: 13 },
        },
      },
    ]);
  });
  it('gives fixes, and places that explain', () => {
    expect(run.results[0].fixes[0].artifactChanges[0].replacements).toEqual([
      { deletedRegion: { startLine: 2, startColumn: 10, endLine: 2, endColumn: 13 }, insertedContent: { text: 'dim' } },
    ]);
    expect(run.results[1].relatedLocations[0]).toMatchObject({
      id: 0,
      message: { text: 'feature `a` is declared here' },
    });
  });
  it('names the rule of each result', () => {
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
    expect(run.tool.driver.rules[0]).toMatchObject({ defaultConfiguration: { level: 'error' } });
  });
});
