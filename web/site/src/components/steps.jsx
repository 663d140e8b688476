import { t } from '../lib/i18n.js';
import { href, projectPath } from '../lib/router.js';
import { Icon } from './icon.jsx';

export const STEPS = [
    { id: 'train', path: 'training' },
    { id: 'learn', path: 'models' },
    { id: 'make', path: 'makes' },
];


// The way through a project.  current: id of the step whose page this is.
export function Steps({ project, current }) {
    return (
        <nav class="steps" aria-label={t('steps.navigation')}>
            <ol>
                {STEPS.map(({ id, path }, index) => (
                    <li key={id} class={`step step--${id}`}>
                        <a href={href(projectPath(project, path))}
                           aria-current={id === current ? 'step' : undefined}>
                            <span class="step__number">{index + 1}</span>
                            <Icon name={id} />
                            <span class="step__name">{t(`steps.${id}`)}</span>
                        </a>
                    </li>
                ))}
            </ol>
        </nav>
    );
}
