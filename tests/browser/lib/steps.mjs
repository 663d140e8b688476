/* A test of many steps, of which each needs those before it. */

import fs from 'node:fs';
import path from 'node:path';


/*
 * Gives step(name, work) for the test context t.  A step that fails ends the
 * test; what the page showed then is kept in folder.
 */
export function steps(t, { page, folder }) {
    return async (name, work) => {
        let failed = false;

        await t.test(name, async () => {
            try {
                await work();

            } catch (error) {
                const file = path.join(folder,
                    name.replace(/\W+/g, '-') + '.png');

                failed = true;
                fs.mkdirSync(folder, { recursive: true });
                await page().screenshot({ path: file }).catch(() => undefined);
                error.message += ` (see ${file})`;
                throw error;
            }
        });

        if (failed) {
            throw new Error('not continued after: ' + name);
        }
    };
}
