// For each kind of project: Input (adds examples to a label), Item (shows one),
// Test (asks the model).

import { TextInput, TextItem, TextTest } from './text-views.jsx';

export const views = {
    text: { Input: TextInput, Item: TextItem, Test: TextTest },
};
