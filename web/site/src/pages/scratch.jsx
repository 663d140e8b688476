import { t } from '../lib/i18n.js';
import { displayLabel } from '../lib/labels.js';
import { ProjectPage } from '../components/project-page.jsx';
import { ScratchLauncher } from '../components/scratch-launcher.jsx';


// The blocks as they look in the editor.
function Blocks({ project }) {
    return (
        <ul class="blocks">
            <li>
                <span class="block">
                    {t('scratch.recognise')}{' '}
                    <span class="block__slot">{t('scratch.text')}</span>{' '}
                    ({t('scratch.label')})
                </span>
                <p>{t('scratch.labelText')}</p>
            </li>
            <li>
                <span class="block">
                    {t('scratch.recognise')}{' '}
                    <span class="block__slot">{t('scratch.text')}</span>{' '}
                    ({t('scratch.confidence')})
                </span>
                <p>{t('scratch.confidenceText')}</p>
            </li>
            {project.labels.length > 0 && (
                <li>
                    <span class="chips">
                        {project.labels.map((label) => (
                            <span key={label} class="block">
                                {displayLabel(label)}
                            </span>
                        ))}
                    </span>
                    <p>{t('scratch.namesText')}</p>
                </li>
            )}
        </ul>
    );
}


export function ScratchPage({ params }) {
    return (
        <ProjectPage params={params} step="make" title={t('scratch.title')}
                     lead={t('scratch.lead')}>
            {(project) => (
                <>
                    <section class="card" aria-labelledby="blocks">
                        <h2 id="blocks">{t('scratch.blocks')}</h2>
                        <Blocks project={project} />
                    </section>
                    <section class="card" aria-labelledby="steps">
                        <h2 id="steps">{t('scratch.steps')}</h2>
                        <ol class="list">
                            {[1, 2, 3, 4].map((n) => (
                                <li key={n}>{t(`scratch.step${n}`)}</li>
                            ))}
                        </ol>
                    </section>
                    <ScratchLauncher project={project} />
                </>
            )}
        </ProjectPage>
    );
}
