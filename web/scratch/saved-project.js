/*
 * What a saved Scratch project (sb3) tells about machine learning blocks, and
 * blocks that stand in for those which cannot be had.  A file may come from
 * anyone: nothing here believes that it is well formed.
 */

const KINDS = [
    [/^(label|confidence|labelname|predict|return_.*|get.*|modelPrompt.*)$/,
        'reporter'],
    [/^checkModelStatus$/, 'Boolean'],
    [/^recognise_label_\d+$/, 'hat']
];


function isObject(value) {
    return value !== null && typeof value === 'object'
        && !Array.isArray(value);
}


/*
 * json: the parsed project or sprite; targets: its sprites.  Returns
 * {addresses: [text], blocks: Map of id of extension -> Map of opcode ->
 * {args: Map of name -> menu or null}, menus: Map of "id_menu" -> Set}.
 */
export function readSavedProject(json, targets) {
    const saved = { addresses: [], blocks: new Map(), menus: new Map() };
    const urls = isObject(json) ? json.extensionURLs : null;

    if (Array.isArray(urls) || isObject(urls)) {
        saved.addresses = Object.values(urls)
            .filter((url) => typeof url === 'string');
    }

    (Array.isArray(targets) ? targets : [])
        .filter((target) => isObject(target) && isObject(target.blocks))
        .forEach(({ blocks }) => {
            Object.values(blocks).filter(isObject)
                .forEach((block) => readBlock(saved, block, blocks));
        });

    return saved;
}


function readBlock(saved, block, blocks) {
    const parts = /^(mlforkids[a-z0-9]*)_(menu_)?(.+)$/i
        .exec(String(block.opcode));

    if (!parts) {
        return;
    }

    const [, id, isMenu, name] = parts;
    const fields = isObject(block.fields) ? block.fields : {};
    const inputs = isObject(block.inputs) ? block.inputs : {};

    if (isMenu) {
        addMenuItem(saved, id, name, fields[name]);
        return;
    }

    if (!saved.blocks.has(id)) {
        saved.blocks.set(id, new Map());
    }
    if (!saved.blocks.get(id).has(name)) {
        saved.blocks.get(id).set(name, { args: new Map() });
    }

    const { args } = saved.blocks.get(id).get(name);

    Object.keys(inputs).forEach((input) => {
        args.set(input, menuOfInput(id, inputs[input], blocks));
    });

    Object.keys(fields).forEach((field) => {
        addMenuItem(saved, id, 'field_' + field, fields[field]);
        args.set(field, 'field_' + field);
    });
}


/* The shadow block of an input is the last of its array. */
function menuOfInput(id, input, blocks) {
    const shadow = Array.isArray(input)
        ? blocks[input[input.length - 1]] : null;
    const prefix = id + '_menu_';

    return isObject(shadow) && String(shadow.opcode).startsWith(prefix)
        ? shadow.opcode.slice(prefix.length) : null;
}


function addMenuItem(saved, id, menu, field) {
    const key = id + '_' + menu;

    if (!saved.menus.has(key)) {
        saved.menus.set(key, new Set());
    }
    if (Array.isArray(field) && typeof field[0] === 'string') {
        saved.menus.get(key).add(field[0]);
    }
}


function kindOf(opcode) {
    const found = KINDS.find(([pattern]) => pattern.test(opcode));

    return found ? found[1] : 'command';
}


/*
 * An extension with the blocks of a file that do nothing, so that the file
 * opens, is shown and can be saved again.  saved is what readSavedProject
 * gave, or null.
 */
export function placeholderFor(id, saved, name) {
    const opcodes = saved && saved.blocks.get(id) || new Map();
    const menus = {};
    const blocks = [];

    opcodes.forEach(({ args }, opcode) => {
        const block = {
            opcode,
            blockType: kindOf(opcode),
            text: opcode.replace(/[[\]%]/g, ' '),
            arguments: {}
        };

        block.func = block.blockType === 'reporter' ? 'nothing' : 'no';

        args.forEach((menu, arg) => {
            block.arguments[arg] = { type: 'string' };
            block.text += ` [${arg}]`;

            if (menu) {
                const items = [...saved.menus.get(id + '_' + menu) || []];

                block.arguments[arg].menu = menu;
                menus[menu] = {
                    acceptReporters: !menu.startsWith('field_'),
                    items: items.length ? items : [' ']
                };
            }
        });

        blocks.push(block);
    });

    return {
        getInfo: () => ({
            id,
            name,
            color1: '#8a8a8a',
            color2: '#707070',
            color3: '#5a5a5a',
            blocks,
            menus
        }),
        nothing: () => '',
        no: () => false
    };
}
