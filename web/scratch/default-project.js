/*
 * The project that the editor opens with: the package's own, but with a robot
 * in place of the cat, which is a trademark of the Scratch Foundation.
 */

const COSTUMES = ['robot-1.svg', 'robot-2.svg'];
const CENTRE = { rotationCenterX: 48, rotationCenterY: 60 };


/* Fetches the pictures; resolves to their bytes. */
export function fetchCostumes() {
    return Promise.all(COSTUMES.map(async (name) => {
        const response = await fetch('sprites/' + name);

        if (!response.ok) {
            throw new Error('no picture ' + name);
        }
        return new Uint8Array(await response.arrayBuffer());
    }));
}


/*
 * Puts the project into storage (a ScratchStorage), where the editor looks
 * for it as project 0.  translate gives the names in the editor's language.
 */
export function storeDefaultProject(storage, pictures, translate) {
    const { AssetType, DataFormat } = storage;
    const parts = window.GUI.buildDefaultProject(translate);
    const main = parts.find((part) => part.assetType === 'Project');
    const project = JSON.parse(main.data);
    const sprite = project.targets.find((target) => !target.isStage);
    const stage = project.targets.find((target) => target.isStage);

    sprite.costumes = pictures.map((bytes, i) => {
        const asset = storage.createAsset(
            AssetType.ImageVector, DataFormat.SVG, bytes, null, true);

        storage.builtinHelper._store(
            AssetType.ImageVector, DataFormat.SVG, bytes, asset.assetId);

        return {
            assetId: asset.assetId,
            name: sprite.costumes[i].name,
            md5ext: asset.assetId + '.svg',
            dataFormat: 'svg',
            bitmapResolution: 1,
            ...CENTRE
        };
    });
    sprite.sounds = structuredClone(stage.sounds);

    parts.forEach((part) => storage.builtinHelper._store(
        AssetType[part.assetType], DataFormat[part.dataFormat],
        part === main ? JSON.stringify(project) : part.data, part.id));
}
