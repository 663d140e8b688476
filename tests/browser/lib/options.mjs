import { parseArgs } from 'node:util';

const { values } = parseArgs({
    options: {
        base: { type: 'string', default: 'http://127.0.0.1:8000' },
        screenshots: { type: 'string' },
        failures: { type: 'string', default: 'build/browser-failures' },
        help: { type: 'boolean', short: 'h' }
    }
});

if (values.help) {
    process.stdout.write(`usage: node --test-reporter=tap TEST.mjs [options]
  --base URL         a running instance (http://127.0.0.1:8000)
  --screenshots DIR  keep pictures of the pages, for the documentation
  --failures DIR     where pictures of failed steps go (build/browser-failures)
`);
    process.exit(0);
}

export const options = { ...values, base: values.base.replace(/\/$/, '') };
